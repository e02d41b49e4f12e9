using Skep.Model;

namespace Skep.Compose;

/// <summary>An entry of a service's <c>volumes</c> as a mount.</summary>
internal static class MountConverter
{
    public static Mount Convert(ComposeMount mount, StackScope scope)
    {
        switch (mount.Type)
        {
            case "" or "volume":
                Refuse(mount.Tmpfs, "tmpfs", "volume");
                Refuse(mount.Bind, "bind", "volume");
                return mount.Source.Length == 0 ? Plain(mount, MountKind.Volume) : Volume(mount, scope);
            case "bind":
                NeedSource(mount, "bind");
                Refuse(mount.Volume, "volume", "bind");
                Refuse(mount.Tmpfs, "tmpfs", "bind");
                return Plain(mount, MountKind.Bind) with { Bind = Bind(mount) };
            case "tmpfs":
                if (mount.Source.Length > 0)
                {
                    throw new StackException("invalid tmpfs source, source must be empty");
                }

                Refuse(mount.Bind, "bind", "tmpfs");
                Refuse(mount.Volume, "volume", "tmpfs");
                return Plain(mount, MountKind.Tmpfs) with { Tmpfs = mount.Tmpfs is { } tmpfs ? new TmpfsOptions(tmpfs.SizeBytes, 0) : null };
            case "npipe":
                NeedSource(mount, "npipe");
                Refuse(mount.Volume, "volume", "npipe");
                Refuse(mount.Tmpfs, "tmpfs", "npipe");
                return Plain(mount, MountKind.NamedPipe) with { Bind = Bind(mount) };
            case "cluster":
                NeedSource(mount, "cluster");
                Refuse(mount.Tmpfs, "tmpfs", "cluster");
                Refuse(mount.Bind, "bind", "cluster");
                Refuse(mount.Volume, "volume", "cluster");

                // A group is shared by all stacks, so it need not be defined and is not renamed.
                return mount.Source.StartsWith("group:", StringComparison.Ordinal)
                    ? Plain(mount, MountKind.Cluster)
                    : Plain(mount, MountKind.Cluster) with { Source = scope.Name(mount.Source, Defined(mount, scope).Name) };
            case "image":
                NeedSource(mount, "image");
                Refuse(mount.Volume, "volume", "image");
                Refuse(mount.Bind, "bind", "image");
                Refuse(mount.Tmpfs, "tmpfs", "image");
                return Plain(mount, MountKind.Image);
            default:
                throw new StackException("volume type must be volume, bind, tmpfs, npipe, or cluster");
        }
    }

    private static Mount Volume(ComposeMount mount, StackScope scope)
    {
        ComposeVolume volume = Defined(mount, scope);
        VolumeOptions options = new() { NoCopy = mount.Volume?.NoCopy ?? false, Subpath = mount.Volume?.Subpath ?? "" };
        if (!volume.External)
        {
            options = options with
            {
                Labels = scope.Labels(volume.Labels),
                Driver = volume.Driver.Length > 0 || volume.DriverOpts is not null
                    ? new Driver(volume.Driver) { Options = (volume.DriverOpts ?? Maps.None<string>()).ToValueMap() }
                    : null,
            };
        }

        return Plain(mount, MountKind.Volume) with { Source = scope.Name(mount.Source, volume.Name), Volume = options };
    }

    private static Mount Plain(ComposeMount mount, MountKind kind) =>
        new(kind, mount.Source, mount.Target) { ReadOnly = mount.ReadOnly, Consistency = mount.Consistency };

    private static BindOptions? Bind(ComposeMount mount) => mount.Bind is { } bind ? new BindOptions(bind.Propagation) : null;

    private static ComposeVolume Defined(ComposeMount mount, StackScope scope) =>
        scope.Project.Volumes.GetValueOrDefault(mount.Source) ?? throw new StackException($"undefined volume \"{mount.Source}\"");

    private static void Refuse(object? options, string kind, string type)
    {
        if (options is not null)
        {
            throw new StackException($"{kind} options are incompatible with type {type}");
        }
    }

    private static void NeedSource(ComposeMount mount, string type)
    {
        if (mount.Source.Length == 0)
        {
            throw new StackException($"invalid {type} source, source cannot be empty");
        }
    }
}
