using Skep.Model;

namespace Skep.Wire.Mapping;

public static class MountMapping
{
    public static WireMount ToWire(this Mount mount) => new()
    {
        Type = mount.Kind.ToWire(),
        Source = mount.Source.OrAbsent(),
        Target = mount.Target.OrAbsent(),
        ReadOnly = mount.ReadOnly,
        Consistency = mount.Consistency.OrAbsent(),
        BindOptions = mount.Bind is { } bind
            ? new WireBindOptions { Propagation = bind.Propagation.OrAbsent(), NonRecursive = bind.NonRecursive, CreateMountpoint = bind.CreateMountpoint }
            : null,
        VolumeOptions = mount.Volume is { } volume
            ? new WireVolumeOptions
            {
                NoCopy = volume.NoCopy,
                Labels = volume.Labels.OrAbsent(),
                Subpath = volume.Subpath.OrAbsent(),
                DriverConfig = volume.Driver?.ToWire(),
            }
            : null,
        TmpfsOptions = mount.Tmpfs is { } tmpfs ? new WireTmpfsOptions { SizeBytes = tmpfs.SizeBytes, Mode = tmpfs.Mode } : null,
    };

    /// <exception cref="ClusterException">An unknown type, or an option that would be stored and not obeyed.</exception>
    public static Mount ToModel(this WireMount mount)
    {
        if (mount.BindOptions is { ReadOnlyNonRecursive: true } or { ReadOnlyForceRecursive: true })
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"mount {mount.Target}: BindOptions.ReadOnlyNonRecursive and ReadOnlyForceRecursive are not supported");
        }

        if (mount.TmpfsOptions?.Options is { Count: > 0 })
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"mount {mount.Target}: TmpfsOptions.Options is not supported; SizeBytes and Mode are");
        }

        if (mount.ImageOptions?.Subpath is { Length: > 0 })
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"mount {mount.Target}: ImageOptions.Subpath is not supported");
        }

        return new Mount(WireEnums.ReadMountKind(mount.Type), mount.Source ?? "", mount.Target ?? "")
        {
            ReadOnly = mount.ReadOnly,
            Consistency = mount.Consistency ?? "",
            Bind = mount.BindOptions is { } bind
                ? new BindOptions(bind.Propagation ?? "") { NonRecursive = bind.NonRecursive, CreateMountpoint = bind.CreateMountpoint }
                : null,
            Volume = mount.VolumeOptions is { } volume
                ? new VolumeOptions
                {
                    NoCopy = volume.NoCopy,
                    Labels = volume.Labels.ToModel(),
                    Subpath = volume.Subpath ?? "",
                    Driver = volume.DriverConfig?.ToModel(),
                }
                : null,
            Tmpfs = mount.TmpfsOptions is { } tmpfs ? new TmpfsOptions(tmpfs.SizeBytes, tmpfs.Mode) : null,
        };
    }
}
