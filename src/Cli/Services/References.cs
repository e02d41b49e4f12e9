using Skep.Cli.Engine;
using Skep.Model;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>Finds the ids of secrets and configs by their exact names, with one question for all of them.</summary>
internal static class References
{
    public static async Task<IReadOnlyDictionary<string, SecretId>> SecretsAsync(EngineClient engine, IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        if (names.Count == 0)
        {
            return new Dictionary<string, SecretId>(StringComparer.Ordinal);
        }

        List<WireSecret> found = await engine.GetAsync(ByName("/secrets", names), WireJson.Default.ListWireSecret, cancellation);
        return names.Distinct(StringComparer.Ordinal).ToDictionary(
            static name => name,
            name => found.Find(secret => secret.Spec?.Name == name)?.Id is { } id ? new SecretId(id) : throw new CliException($"secret not found: {name}"),
            StringComparer.Ordinal);
    }

    public static async Task<IReadOnlyDictionary<string, ConfigId>> ConfigsAsync(EngineClient engine, IReadOnlyCollection<string> names, CancellationToken cancellation)
    {
        if (names.Count == 0)
        {
            return new Dictionary<string, ConfigId>(StringComparer.Ordinal);
        }

        List<WireConfig> found = await engine.GetAsync(ByName("/configs", names), WireJson.Default.ListWireConfig, cancellation);
        return names.Distinct(StringComparer.Ordinal).ToDictionary(
            static name => name,
            name => found.Find(config => config.Spec?.Name == name)?.Id is { } id ? new ConfigId(id) : throw new CliException($"config not found: {name}"),
            StringComparer.Ordinal);
    }

    private static string ByName(string path, IEnumerable<string> names)
    {
        Query query = new(path);
        foreach (string name in names)
        {
            query.Filter("name", name);
        }

        return query.ToString();
    }
}
