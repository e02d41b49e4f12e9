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
/// <param name="LeftOpen">What the file does not say and the spec fills with the engine's default.</param>
public sealed record StackService(string Key, ServiceSpec Spec, LeftOpen LeftOpen)
{
    /// <summary>The same for each port of the spec's endpoint, in its order.</summary>
    public ValueList<PortLeftOpen> PortsLeftOpen { get; init; } = [];

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

/// <summary>Fields that a file says nothing about. A client that sends the spec as JSON may leave them out, as Docker's does.</summary>
[Flags]
public enum LeftOpen
{
    None = 0,
    Replicas = 1,
    EndpointMode = 2,
    UpdateFailureAction = 4,
    UpdateOrder = 8,
    RollbackFailureAction = 16,
    RollbackOrder = 32,
}

/// <summary>What the file does not say of a port.</summary>
public readonly record struct PortLeftOpen(bool Protocol, bool Mode);
