namespace Skep.Compose;

/// <summary>Reads <c>x-cluster-spec</c> of a volume.</summary>
internal static class ClusterVolumeReader
{
    public static ComposeClusterVolume Read(ComposeValue.Mapping map, string path, ValueDecoder decode) => new()
    {
        Group = decode.Text(map["group"], $"{path}.Group"),
        AccessMode = map["access_mode"] is ComposeValue.Mapping access ? Access(access, $"{path}.access_mode", decode) : null,
        AccessibilityRequirements = map["accessibility_requirements"] is ComposeValue.Mapping topology
            ? new ComposeTopology(Segments(topology["requisite"]), Segments(topology["preferred"]))
            : null,
        CapacityRange = map["capacity_range"] is ComposeValue.Mapping capacity
            ? new ComposeCapacity(
                decode.Size(capacity["required_bytes"], $"{path}.capacity_range.required_bytes"),
                decode.Size(capacity["limit_bytes"], $"{path}.capacity_range.limit_bytes"))
            : null,
        Secrets =
        [
            .. ValueDecoder.Items(map["secrets"]).OfType<ComposeValue.Mapping>()
                .Select(item => new ComposeVolumeSecret(decode.Text(item["key"], $"{path}.Secrets.Key"), decode.Text(item["secret"], $"{path}.Secrets.Secret"))),
        ],
        Availability = decode.Text(map["availability"], $"{path}.Availability"),
    };

    private static ComposeVolumeAccess Access(ComposeValue.Mapping map, string path, ValueDecoder decode) => new(
        decode.Text(map["scope"], $"{path}.Scope"),
        decode.Text(map["sharing"], $"{path}.Sharing"),
        map["mount_volume"] is ComposeValue.Mapping mount
            ? new ComposeMountVolume(
                decode.Text(mount["fs_type"], $"{path}.mount_volume.fs_type"),
                decode.Texts(mount["mount_flags"], $"{path}.mount_volume.mount_flags"))
            : null,
        map["block_volume"] is ComposeValue.Mapping);

    private static IReadOnlyDictionary<string, string>[] Segments(ComposeValue? value) =>
        [.. ValueDecoder.Items(value).OfType<ComposeValue.Mapping>().Select(static item => ValueDecoder.Map(item["segments"]))];
}
