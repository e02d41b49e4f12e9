namespace Skep.Compose;

/// <summary>Networks, volumes, secrets and configs as mappings.</summary>
internal static class ResourceWriter
{
    public static ComposeValue Network(ComposeNetwork network) => new Block()
        .Add("name", network.Name)
        .Add("driver", network.Driver)
        .Add("driver_opts", network.DriverOpts)
        .Add("ipam", new Block()
            .Add("driver", network.IpamDriver)
            .AddList("config", network.IpamSubnets, static subnet => new Block().Add("subnet", subnet).Value)
            .OrNothing)
        .Add("external", network.External)
        .Add("internal", network.Internal)
        .Add("attachable", network.Attachable)
        .Add("labels", network.Labels)
        .AddAll(network.Extensions)
        .Value;

    public static ComposeValue Volume(ComposeVolume volume) => new Block()
        .Add("name", volume.Name)
        .Add("driver", volume.Driver)
        .Add("driver_opts", volume.DriverOpts ?? Maps.None<string>())
        .Add("external", volume.External)
        .Add("labels", volume.Labels)
        .Add("x-cluster-spec", volume.Cluster is { } cluster ? Cluster(cluster) : null)
        .AddAll(volume.Extensions)
        .Value;

    public static ComposeValue FileObject(ComposeFileObject file) => new Block()
        .Add("name", file.Name)
        .Add("file", file.File)
        .Add("external", file.External)
        .Add("labels", file.Labels)
        .Add("driver", file.Driver)
        .Add("driver_opts", file.DriverOpts)
        .Add("template_driver", file.TemplateDriver)
        .AddAll(file.Extensions)
        .Value;

    private static ComposeValue.Mapping Cluster(ComposeClusterVolume cluster) => new Block()
        .Add("group", cluster.Group)
        .Add("access_mode", cluster.AccessMode is { } access ? Access(access) : null)
        .Add("accessibility_requirements", cluster.AccessibilityRequirements is { } topology
            ? new Block().AddList("requisite", topology.Requisite, Segments).AddList("preferred", topology.Preferred, Segments).Value
            : null)
        .Add("capacity_range", cluster.CapacityRange is { } capacity
            ? new Block().AddBytes("required_bytes", capacity.RequiredBytes).AddBytes("limit_bytes", capacity.LimitBytes).Value
            : null)
        .AddList("secrets", cluster.Secrets, static secret => new Block().Add("key", secret.Key).Add("secret", secret.Secret).Value)
        .Add("availability", cluster.Availability)
        .Value;

    private static ComposeValue.Mapping Access(ComposeVolumeAccess access) => new Block()
        .Add("scope", access.Scope)
        .Add("sharing", access.Sharing)
        .Add("mount_volume", access.Mount is { } mount ? new Block().Add("fs_type", mount.FsType).Add("mount_flags", mount.MountFlags).Value : null)
        .Add("block_volume", access.Block ? new Block().Value : null)
        .Value;

    private static ComposeValue Segments(IReadOnlyDictionary<string, string> segments) => new Block().Add("segments", segments).Value;
}
