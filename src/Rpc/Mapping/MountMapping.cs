using Skep.Model;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

internal static class MountMapping
{
    public static Proto.Mount ToProto(Mount mount) => new()
    {
        Kind = (int)mount.Kind,
        Source = mount.Source,
        Target = mount.Target,
        ReadOnly = mount.ReadOnly,
        Consistency = mount.Consistency,
        Bind = mount.Bind is { } bind
            ? new Proto.BindOptions { Propagation = bind.Propagation, NonRecursive = bind.NonRecursive, CreateMountpoint = bind.CreateMountpoint }
            : null,
        Volume = mount.Volume is { } volume
            ? new Proto.VolumeOptions { NoCopy = volume.NoCopy, Labels = { volume.Labels.ToPairs() }, Driver = volume.Driver?.ToProto(), Subpath = volume.Subpath }
            : null,
        Tmpfs = mount.Tmpfs is { } tmpfs ? new Proto.TmpfsOptions { SizeBytes = tmpfs.SizeBytes, Mode = tmpfs.Mode } : null,
    };

    public static Mount ToModel(Proto.Mount mount) => new(mount.Kind.ToKnown<MountKind>(), mount.Source, mount.Target)
    {
        ReadOnly = mount.ReadOnly,
        Consistency = mount.Consistency,
        Bind = mount.Bind is { } bind
            ? new BindOptions(bind.Propagation) { NonRecursive = bind.NonRecursive, CreateMountpoint = bind.CreateMountpoint }
            : null,
        Volume = mount.Volume is { } volume
            ? new VolumeOptions { NoCopy = volume.NoCopy, Labels = volume.Labels.ToMap(), Driver = volume.Driver?.ToModel(), Subpath = volume.Subpath }
            : null,
        Tmpfs = mount.Tmpfs is { } tmpfs ? new TmpfsOptions(tmpfs.SizeBytes, tmpfs.Mode) : null,
    };
}
