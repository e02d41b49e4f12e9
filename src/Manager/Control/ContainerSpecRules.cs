using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Skep.Manager.Control;

/// <summary>What a container may ask for. What only some operating systems have is refused rather than kept and forgotten.</summary>
internal static partial class ContainerSpecRules
{
    private static readonly TimeSpan MinHealthInterval = TimeSpan.FromMilliseconds(1);

    public static void Check(ContainerSpec container)
    {
        if (container.Image.Length == 0)
        {
            throw ClusterException.Invalid("ContainerSpec: image reference must be provided");
        }

        if (!ImageName.IsValid(container.Image))
        {
            throw ClusterException.Invalid($"ContainerSpec: \"{container.Image}\" is not a valid repository/tag");
        }

        MountRules.Check(container.Mounts);
        CheckFiles("secret", container.Secrets.Select(s => (s.Name, s.Id.Value, s.File)));
        CheckFiles("config", container.Configs.Where(c => !c.IsRuntime).Select(c => (c.Name, c.Id.Value, c.File)));
        if (container.HealthCheck is { } check)
        {
            CheckHealth(check);
        }

        CheckProcess(container);
        CheckNetworking(container);
        CheckSecurity(container);
    }

    private static void CheckFiles(string what, IEnumerable<(string Name, string Id, FileTarget? File)> references)
    {
        var targets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string id, FileTarget? file) in references)
        {
            if (id.Length == 0 || name.Length == 0)
            {
                throw ClusterException.Invalid($"malformed {what} reference");
            }

            if (file is null || file.Name.Length == 0)
            {
                throw ClusterException.Invalid($"malformed file {what} reference, invalid target file name provided");
            }

            if (!targets.TryAdd(file.Name, name))
            {
                throw ClusterException.Invalid($"{what} references '{targets[file.Name]}' and '{name}' have a conflicting target: '{file.Name}'");
            }
        }
    }

    private static void CheckHealth(HealthCheck check)
    {
        if (check.Test is [var kind, ..] && kind is not ("NONE" or "CMD" or "CMD-SHELL"))
        {
            throw ClusterException.Invalid($"ContainerSpec: Unknown type \"{kind}\" in HealthConfig: the test begins with CMD, CMD-SHELL or NONE");
        }

        (string Name, TimeSpan Value)[] durations =
        [
            ("Interval", check.Interval), ("Timeout", check.Timeout), ("StartPeriod", check.StartPeriod), ("StartInterval", check.StartInterval),
        ];
        foreach ((string name, TimeSpan value) in durations)
        {
            if (value != TimeSpan.Zero && value < MinHealthInterval)
            {
                throw ClusterException.Invalid($"ContainerSpec: {name} in HealthConfig cannot be less than 1ms");
            }
        }

        if (check.Retries < 0)
        {
            throw ClusterException.Invalid("ContainerSpec: Retries in HealthConfig cannot be negative");
        }
    }

    private static void CheckProcess(ContainerSpec container)
    {
        if (container.StopGracePeriod < TimeSpan.Zero)
        {
            throw ClusterException.Invalid("ContainerSpec: StopGracePeriod cannot be negative");
        }

        if (container.StopSignal.Length > 0 && !Signal().IsMatch(container.StopSignal))
        {
            throw ClusterException.Invalid($"ContainerSpec: Invalid signal: {container.StopSignal}");
        }

        if (container.Env.FirstOrDefault(e => e.Length == 0 || e[0] == '=') is { } wrong)
        {
            throw ClusterException.Invalid($"invalid environment variable: {wrong}");
        }

        if (container.Directory.Length > 0 && container.Directory[0] != '/')
        {
            throw ClusterException.Invalid($"the working directory '{container.Directory}' is invalid, it needs to be an absolute path");
        }

        if (container.OomScoreAdj is < -1000 or > 1000)
        {
            throw ClusterException.Invalid($"Invalid value {container.OomScoreAdj}, range for oom score adj is [-1000, 1000]");
        }

        foreach (Ulimit ulimit in container.Ulimits)
        {
            if (!KernelNames.Ulimits.Contains(ulimit.Name))
            {
                throw ClusterException.Invalid($"invalid ulimit type: {ulimit.Name}");
            }

            // -1 is no limit at all.
            if (ulimit.Hard != -1 && (ulimit.Soft == -1 || ulimit.Soft > ulimit.Hard))
            {
                throw ClusterException.Invalid($"ulimit soft limit must be less than or equal to hard limit: {ulimit.Soft} > {ulimit.Hard}");
            }
        }
    }

    private static void CheckNetworking(ContainerSpec container)
    {
        foreach (string server in container.Dns?.Nameservers ?? [])
        {
            if (!IPAddress.TryParse(server, out _))
            {
                throw ClusterException.Invalid($"{server} is not an ip address");
            }
        }

        foreach (string host in container.Hosts)
        {
            string[] parts = host.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length < 2 || !(IPAddress.TryParse(parts[0], out _) || parts[0] == "host-gateway"))
            {
                throw ClusterException.Invalid($"invalid host '{host}': an address and names are expected");
            }
        }

        foreach (string name in container.Sysctls.Keys)
        {
            if (!KernelNames.IsNamespacedSysctl(name))
            {
                throw ClusterException.Invalid($"sysctl '{name}' is not allowed: it is not in a separate kernel namespace");
            }
        }
    }

    private static void CheckSecurity(ContainerSpec container)
    {
        if (container.Isolation is not ("" or "default"))
        {
            throw ClusterException.Invalid($"invalid isolation '{container.Isolation}': Linux containers have only 'default'");
        }

        foreach (string capability in container.CapabilityAdd.Concat(container.CapabilityDrop))
        {
            if (!KernelNames.IsCapability(capability))
            {
                throw ClusterException.Invalid($"invalid capability: unknown capability: \"{capability}\"");
            }
        }

        if (container.Configs.Any(c => c.IsRuntime) || container.Privileges?.CredentialSpec is not null)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "credential specs are for Windows containers; the nodes of this cluster run Linux");
        }

        if (container.Privileges is not { } privileges)
        {
            return;
        }

        if (privileges.Selinux is { } selinux && (selinux.User + selinux.Role + selinux.Type + selinux.Level).Length > 0)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "SELinux labels of services are not supported");
        }

        CheckSeccomp(privileges);
        if (privileges.AppArmorMode is not ("" or "default" or "disabled"))
        {
            throw ClusterException.Invalid($"invalid AppArmor mode '{privileges.AppArmorMode}': it is default or disabled");
        }
    }

    private static void CheckSeccomp(Privileges privileges)
    {
        if (privileges.SeccompMode is not ("" or "default" or "unconfined" or "custom"))
        {
            throw ClusterException.Invalid($"invalid seccomp mode '{privileges.SeccompMode}': it is default, unconfined or custom");
        }

        if (privileges.SeccompMode == "custom" != privileges.SeccompProfile.Length > 0)
        {
            throw ClusterException.Invalid("a seccomp profile belongs to seccomp mode custom, which needs one");
        }

        if (privileges.SeccompProfile.Length > 0)
        {
            try
            {
                using var document = JsonDocument.Parse(privileges.SeccompProfile);
            }
            catch (JsonException wrong)
            {
                throw new ClusterException(ErrorKind.InvalidArgument, $"the seccomp profile is not JSON: {wrong.Message}", wrong);
            }
        }
    }

    [GeneratedRegex(@"^(?:\d{1,2}|(?:SIG)?[A-Z][A-Z0-9]*(?:[+-]\d{1,2})?)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Signal();
}
