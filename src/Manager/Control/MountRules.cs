namespace Skep.Manager.Control;

/// <summary>What mounts may ask for.</summary>
/// <remarks>Source: moby/moby:daemon/volume/mounts/linux_parser.go, whose checks run here already when the service is made, not first on a node.</remarks>
internal static class MountRules
{
    private static readonly string[] Propagations = ["", "private", "rprivate", "shared", "rshared", "slave", "rslave"];

    public static void Check(ValueList<Mount> mounts)
    {
        var targets = new HashSet<string>(StringComparer.Ordinal);
        foreach (Mount mount in mounts)
        {
            CheckOne(mount);
            if (!targets.Add(mount.Target.Length > 1 ? mount.Target.TrimEnd('/') : mount.Target))
            {
                throw ClusterException.Invalid($"ContainerSpec: duplicate mount point: {mount.Target}");
            }
        }
    }

    private static void CheckOne(Mount mount)
    {
        string kind = mount.Kind switch
        {
            MountKind.Bind => "bind",
            MountKind.Volume => "volume",
            MountKind.Tmpfs => "tmpfs",
            MountKind.NamedPipe => throw new ClusterException(ErrorKind.NotImplemented, "mounts of type npipe are for Windows containers; the nodes of this cluster run Linux"),
            MountKind.Cluster => throw new ClusterException(ErrorKind.NotImplemented, "mounts of type cluster (CSI volumes) are not supported"),
            MountKind.Image => throw new ClusterException(ErrorKind.NotImplemented, "mounts of type image are not supported"),
        };

        Require(mount.Target.Length > 0, kind, "field Target must not be empty");
        Require(mount.Target[0] == '/', kind, $"invalid mount path: '{mount.Target}' mount path must be absolute");
        Require(mount.Target.Trim('/').Length > 0, kind, $"invalid specification: destination can't be '{mount.Target}'");
        Require(mount.Bind is null || mount.Kind == MountKind.Bind, kind, "field BindOptions must not be specified");
        Require(mount.Volume is null || mount.Kind == MountKind.Volume, kind, "field VolumeOptions must not be specified");
        Require(mount.Tmpfs is null || mount.Kind == MountKind.Tmpfs, kind, "field TmpfsOptions must not be specified");
        Require(mount.Consistency is "" or "default" or "consistent" or "cached" or "delegated", kind, $"invalid consistency '{mount.Consistency}'");
        if (mount.Kind == MountKind.Bind)
        {
            Require(mount.Source.Length > 0, kind, "field Source must not be empty");
            Require(mount.Source[0] == '/', kind, $"invalid mount path: '{mount.Source}' mount path must be absolute");
            Require(mount.Bind is null || Propagations.Contains(mount.Bind.Propagation, StringComparer.Ordinal), kind, $"invalid propagation mode: {mount.Bind?.Propagation}");
        }

        if (mount.Kind == MountKind.Volume)
        {
            Require(!mount.Source.StartsWith('/'), kind, $"invalid volume name '{mount.Source}': a host path needs type bind");
            Require(mount.Volume is not { Subpath.Length: > 0 } || mount.Source.Length > 0, kind, "must not set Subpath when using anonymous volumes");
        }

        if (mount.Kind == MountKind.Tmpfs)
        {
            Require(mount.Source.Length == 0, kind, "field Source must not be specified");
            Require(mount.Tmpfs is not { SizeBytes: < 0 }, kind, "the size must not be negative");
        }
    }

    private static void Require(bool holds, string kind, string problem)
    {
        if (!holds)
        {
            throw ClusterException.Invalid($"invalid mount config for type \"{kind}\": {problem}");
        }
    }
}
