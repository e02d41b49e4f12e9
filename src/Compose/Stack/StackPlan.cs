using Skep.Model;

namespace Skep.Compose;

/// <summary>What a stack asks of the cluster, before anything is looked up there. Made by <see cref="StackConverter"/>; everything
/// is in ordinal order of its names.</summary>
public sealed record StackPlan
{
    public required string Stack { get; init; }

    /// <summary>Networks to make where they are missing. Those that no service uses are left out.</summary>
    public ValueList<NetworkSpec> Networks { get; init; } = [];

    /// <summary>Cluster names of networks that services use but the stack does not make; <c>host</c>, <c>bridge</c>, <c>none</c> and
    /// <c>default</c> are always there, all others must be swarm-scoped.</summary>
    public ValueList<string> ExternalNetworks { get; init; } = [];

    public ValueList<SecretSpec> Secrets { get; init; } = [];

    public ValueList<ConfigSpec> Configs { get; init; } = [];

    public ValueList<StackService> Services { get; init; } = [];
}

/// <summary>A service of a stack.</summary>
/// <param name="Key">Its name in the file; the cluster's name is <c>stack_key</c>.</param>
/// <param name="Spec">Its references to secrets and configs bear names but no ids: see <see cref="WithIds"/>.</param>
/// <param name="Written">Where it has a say, a client sends this and not the spec's value.</param>
public sealed record StackService(string Key, ServiceSpec Spec, AsWritten Written)
{
    /// <summary>Cluster names of the secrets whose ids <see cref="WithIds"/> needs.</summary>
    public ValueList<string> SecretNames => Spec.Task.Container.Secrets.Select(static secret => secret.Name).Distinct(StringComparer.Ordinal).ToValueList();

    /// <summary>Cluster names of the configs whose ids <see cref="WithIds"/> needs.</summary>
    public ValueList<string> ConfigNames => Spec.Task.Container.Configs.Select(static config => config.Name).Distinct(StringComparer.Ordinal).ToValueList();

    /// <summary>The spec with the ids of what it refers to by name, the config of a credential spec included.</summary>
    /// <exception cref="ComposeException">A name is not among those given.</exception>
    public ServiceSpec WithIds(IReadOnlyDictionary<string, SecretId> secrets, IReadOnlyDictionary<string, ConfigId> configs)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentNullException.ThrowIfNull(configs);
        ContainerSpec container = Spec.Task.Container;
        container = container with
        {
            Secrets = container.Secrets.Select(secret => secret with
            {
                Id = secrets.TryGetValue(secret.Name, out SecretId id) ? id : throw new ComposeException($"service {Key}: secret not found: {secret.Name}"),
            }).ToValueList(),
            Configs = container.Configs.Select(config => config with
            {
                Id = configs.TryGetValue(config.Name, out ConfigId id) ? id : throw new ComposeException($"service {Key}: config not found: {config.Name}"),
            }).ToValueList(),
        };
        if (container.Privileges is { CredentialSpec: { Config.Length: > 0 } credential } privileges)
        {
            container = container with
            {
                Privileges = privileges with { CredentialSpec = credential with { Config = configs[credential.Config].Value } },
            };
        }

        return Spec with { Task = Spec.Task with { Container = container } };
    }
}

/// <summary>What a file says in words that only an engine judges, as Docker's CLI passes them on. The spec has the default where it does not know the word.</summary>
/// <remarks>An empty word is one that the file leaves out; a client that sends the spec as JSON leaves it out too, for the engine may fill it otherwise than the spec does.</remarks>
public sealed record AsWritten
{
    /// <summary>Null: the file does not say.</summary>
    public ulong? Replicas { get; init; }

    public string EndpointMode { get; init; } = "";

    public RolloutAsWritten Update { get; init; } = new("", "");

    public RolloutAsWritten Rollback { get; init; } = new("", "");

    /// <summary>Of <c>deploy.restart_policy</c>; the spec's counts where it is empty.</summary>
    public string RestartCondition { get; init; } = "";

    /// <summary>One for each port of the spec's endpoint, in its order.</summary>
    public ValueList<PortAsWritten> Ports { get; init; } = [];
}

public readonly record struct RolloutAsWritten(string FailureAction, string Order);

public readonly record struct PortAsWritten(string Protocol, uint Target, uint Published, string Mode);
