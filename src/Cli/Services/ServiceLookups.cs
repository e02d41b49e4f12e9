using Skep.Cli.Engine;
using Skep.Cli.Services.Values;
using Skep.Model;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>Turns names in flags into the ids that specs bear.</summary>
internal static class ServiceLookups
{
    public static async Task<List<WireSecretReference>> SecretsAsync(EngineClient engine, FileValue[] wanted, CancellationToken cancellation)
    {
        Distinct(wanted, "secret");
        IReadOnlyDictionary<string, SecretId> ids = await References.SecretsAsync(engine, [.. wanted.Select(static file => file.Source)], cancellation);
        return [.. wanted.Select(file => new WireSecretReference { File = file.Target, SecretId = ids[file.Source].Value, SecretName = file.Source })];
    }

    public static async Task<List<WireConfigReference>> ConfigsAsync(EngineClient engine, FileValue[] wanted, CancellationToken cancellation)
    {
        Distinct(wanted, "config");
        IReadOnlyDictionary<string, ConfigId> ids = await References.ConfigsAsync(engine, [.. wanted.Select(static file => file.Source)], cancellation);
        return [.. wanted.Select(file => new WireConfigReference { File = file.Target, ConfigId = ids[file.Source].Value, ConfigName = file.Source })];
    }

    public static async Task<List<WireNetworkAttachmentConfig>> NetworksAsync(EngineClient engine, WireNetworkAttachmentConfig[] wanted, CancellationToken cancellation)
    {
        List<WireNetworkAttachmentConfig> found = [];
        foreach (WireNetworkAttachmentConfig network in wanted)
        {
            found.Add(network with { Target = await NetworkIdAsync(engine, network.Target ?? "", cancellation) });
        }

        return [.. found.OrderBy(static network => network.Target, StringComparer.Ordinal)];
    }

    public static async Task<string> NetworkIdAsync(EngineClient engine, string name, CancellationToken cancellation)
        => (await engine.GetAsync($"/networks/{Query.Escape(name)}?scope=swarm", WireJson.Default.WireNetwork, cancellation)).Id ?? name;

    private static void Distinct(FileValue[] wanted, string kind)
    {
        if (wanted.GroupBy(static file => file.Target.Name, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            throw new CliException($"duplicate {kind} target for {twice.First().Source} not allowed");
        }
    }
}
