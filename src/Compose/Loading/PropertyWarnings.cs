namespace Skep.Compose;

/// <summary>Keys of services that a stack refuses, ignores or has given up.</summary>
/// <remarks>Source: docker/cli:cli/compose/types/types.go.</remarks>
internal static class PropertyWarnings
{
    private static readonly string[] Forbidden =
        ["extends", "volume_driver", "volumes_from", "cpu_quota", "cpu_shares", "cpuset", "mem_limit", "memswap_limit"];

    private static readonly string[] Unsupported =
    [
        "build", "cgroup_parent", "cgroupns_mode", "devices", "domainname", "external_links", "ipc", "links", "mac_address",
        "network_mode", "pid", "privileged", "restart", "security_opt", "shm_size", "userns_mode",
    ];

    private static readonly (string Key, string Why)[] Deprecated =
    [
        ("container_name", "Setting the container name is not supported."),
        ("expose", "Exposing ports is unnecessary - services on the same network can access each other's containers on any port."),
    ];

    /// <exception cref="ComposeException">A service has a key that no stack may have.</exception>
    public static void RefuseForbidden(ComposeValue.Mapping file)
    {
        foreach (ComposeValue.Mapping service in Services(file))
        {
            foreach ((string key, ComposeValue value) in service.Entries)
            {
                if (Forbidden.Contains(key))
                {
                    throw new ComposeException("Configuration contains forbidden properties", value.Where);
                }
            }
        }
    }

    /// <summary>What <c>stack deploy</c> says about the files, empty lines included.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<ComposeValue.Mapping> files)
    {
        HashSet<string> used = new(files.SelectMany(Services).SelectMany(static service => service.Entries).Select(static entry => entry.Key), StringComparer.Ordinal);
        string[] unsupported = [.. Unsupported.Where(used.Contains).Order(StringComparer.Ordinal)];
        if (unsupported.Length > 0)
        {
            yield return $"Ignoring unsupported options: {string.Join(", ", unsupported)}";
            yield return "";
        }

        (string Key, string Why)[] deprecated = [.. Deprecated.Where(entry => used.Contains(entry.Key))];
        if (deprecated.Length > 0)
        {
            yield return "Ignoring deprecated options:";
            yield return "";
            foreach ((string key, string why) in deprecated)
            {
                yield return $"{key}: {why}";
                yield return "";
            }
        }
    }

    private static IEnumerable<ComposeValue.Mapping> Services(ComposeValue.Mapping file) =>
        ValueDecoder.Entries(file["services"]).Select(static entry => entry.Value).OfType<ComposeValue.Mapping>();
}
