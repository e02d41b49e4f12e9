using Skep.Engine.Images;

namespace Skep.Engine.Oci;

/// <summary>Decides what a task's container is like, from its spec, its image and the machine. Pure.</summary>
internal static class ContainerPlanner
{
    public const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private const string InitTarget = "/sbin/docker-init";

    private static readonly string[] UlimitNames =
    [
        "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
    ];

    /// <param name="spec">With templates filled in.</param>
    /// <param name="mounts">Volumes, binds, files: decided by others.</param>
    /// <param name="networkNamespace">Null: the host's. Empty: a new one.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the spec asks for what cannot be.</exception>
    public static ContainerPlan Plan(
        string containerId, TaskSpec task, ContainerSpec spec, ImageSettings image, ResolvedUser user, ValueList<OciMount> mounts, string? networkNamespace, string hostname,
        string cgroupParent, HostFacts host)
    {
        Refuse(spec);
        bool init = spec.Init == true;
        if (init)
        {
            if (host.InitPath is null)
            {
                throw ClusterException.Invalid("the task asks for an init process, but this node has none of docker-init, tini, catatonit");
            }

            mounts = mounts.Add(new OciMount(InitTarget, "bind", host.InitPath, ["bind", "ro"]));
        }

        ValueList<string> args = Args(spec, image);
        return new ContainerPlan
        {
            Args = init ? [InitTarget, "--", .. args] : args,
            Env = Env(spec, image, hostname),
            Cwd = spec.Directory.Length > 0 ? spec.Directory : image.WorkingDirectory.Length > 0 ? image.WorkingDirectory : "/",
            User = user,
            Hostname = hostname,
            Tty = spec.Tty,
            ReadOnlyRoot = spec.ReadOnly,
            NoNewPrivileges = spec.Privileges?.NoNewPrivileges == true,
            Capabilities = Capabilities.Resolve(spec.CapabilityAdd, spec.CapabilityDrop, host.LastCapability, host.Capabilities),
            Ulimits = spec.Ulimits,
            OomScoreAdj = spec.OomScoreAdj,
            Mounts = mounts.OrderBy(m => m.Destination.Count(c => c == '/')).ToValueList(),
            NetworkNamespace = networkNamespace,
            CgroupPath = $"{cgroupParent.TrimEnd('/')}/{containerId}",
            CgroupV2 = host.CgroupV2,
            Limits = Limits(task, host),
            Sysctls = spec.Sysctls,
            SeccompMode = spec.Privileges?.SeccompMode is { Length: > 0 } mode ? mode : "default",
            SeccompJson = spec.Privileges?.SeccompProfile ?? "",
            Machine = host.Platform.Architecture,
            RunsX32 = host.RunsX32,
            RootPropagation = RootPropagation(mounts),
        };
    }

    /// <summary>Entry point and arguments: a spec's entry point also drops the image's arguments.</summary>
    internal static ValueList<string> Args(ContainerSpec spec, ImageSettings image)
    {
        ValueList<string> entrypoint = spec.Command.IsEmpty ? image.Entrypoint : spec.Command;
        ValueList<string> command = !spec.Args.IsEmpty ? spec.Args : spec.Command.IsEmpty ? image.Command : [];
        ValueList<string> args = entrypoint.AddRange(command);
        return args.IsEmpty ? throw ClusterException.Invalid("no command specified") : args;
    }

    /// <summary>Docker's order: PATH, HOSTNAME, TERM, then the spec's, then what only the image has. A bare name takes a variable away.</summary>
    internal static ValueList<string> Env(ContainerSpec spec, ImageSettings image, string hostname)
    {
        var mentioned = spec.Env.Select(NameOf).ToHashSet(StringComparer.Ordinal);
        List<string> asked = [.. spec.Env, .. image.Env.Where(e => !mentioned.Contains(NameOf(e)))];
        List<string> result = [DefaultPath, $"HOSTNAME={hostname}"];
        if (spec.Tty)
        {
            result.Add("TERM=xterm");
        }

        foreach (string variable in asked)
        {
            int place = result.FindIndex(r => NameOf(r) == NameOf(variable));
            if (!variable.Contains('=', StringComparison.Ordinal))
            {
                if (place >= 0)
                {
                    result.RemoveAt(place);
                }
            }
            else if (place >= 0)
            {
                result[place] = variable;
            }
            else
            {
                result.Add(variable);
            }
        }

        return result.ToValueList();

        static string NameOf(string variable) => variable.Split('=', 2)[0];
    }

    private static ContainerLimits Limits(TaskSpec task, HostFacts host)
    {
        long memory = task.Limits?.MemoryBytes ?? 0;
        return new ContainerLimits
        {
            NanoCpus = task.Limits?.NanoCpus ?? 0,
            MemoryBytes = memory,
            // Docker's default: as much swap as memory.
            MemoryAndSwapBytes = memory > 0 && host.SwapIsLimited ? memory * 2 : 0,
            MemoryReservationBytes = task.Reservations?.MemoryBytes ?? 0,
            Pids = task.Limits?.Pids ?? 0,
        };
    }

    /// <summary>A mount that is to hear of the host's later mounts, or to tell of its own, needs a root that does.</summary>
    private static string RootPropagation(ValueList<OciMount> mounts)
    {
        if (mounts.Any(m => m.Options.Contains("rshared") || m.Options.Contains("shared")))
        {
            return "rshared";
        }

        return mounts.Any(m => m.Options.Contains("rslave") || m.Options.Contains("slave")) ? "rslave" : "";
    }

    /// <summary>What is not offered here is refused, never stored and ignored.</summary>
    private static void Refuse(ContainerSpec spec)
    {
        if (spec.Isolation is not ("" or "default"))
        {
            throw ClusterException.Invalid($"isolation {spec.Isolation} is not supported on this platform");
        }

        if (spec.Privileges?.CredentialSpec is not null)
        {
            throw ClusterException.Invalid("credential specs are for Windows");
        }

        if (spec.Privileges?.Selinux is { Disable: false } selinux && (selinux.User + selinux.Role + selinux.Type + selinux.Level).Length > 0)
        {
            throw ClusterException.Invalid("SELinux labels are not supported on this node");
        }

        if (spec.Privileges?.SeccompMode is not (null or "" or "default" or "unconfined" or "custom"))
        {
            throw ClusterException.Invalid($"unknown seccomp mode {spec.Privileges.SeccompMode}");
        }

        if (spec.Privileges?.AppArmorMode is not (null or "" or "default" or "disabled"))
        {
            throw ClusterException.Invalid($"unknown AppArmor mode {spec.Privileges.AppArmorMode}");
        }

        foreach (Ulimit limit in spec.Ulimits)
        {
            if (!UlimitNames.Contains(limit.Name))
            {
                throw ClusterException.Invalid($"invalid ulimit type: {limit.Name}");
            }

            if (limit.Hard != -1 && (limit.Soft > limit.Hard || limit.Soft == -1))
            {
                throw ClusterException.Invalid($"ulimit soft limit must be less than or equal to hard limit: {limit.Soft} > {limit.Hard}");
            }
        }
    }
}
