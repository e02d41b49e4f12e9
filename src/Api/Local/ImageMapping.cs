using Skep.Engine.Images;

namespace Skep.Api.Local;

internal static class ImageMapping
{
    public static WireImageSummary ToSummary(LocalImage image) => new()
    {
        Id = image.Id,
        ParentId = "",
        RepoTags = [.. image.Tags],
        RepoDigests = [.. image.Digests],
        Created = image.CreatedAt?.ToUnixTimeSeconds() ?? 0,
        Size = image.SizeBytes,
        SharedSize = -1,
        Labels = new Dictionary<string, string>(image.Settings.Labels, StringComparer.Ordinal),
        Containers = -1,
    };

    public static WireImage ToDetail(LocalImage image) => new()
    {
        Id = image.Id,
        RepoTags = [.. image.Tags],
        RepoDigests = [.. image.Digests],
        Parent = "",
        Comment = "",
        Created = image.CreatedAt is { } created ? WireTime.Write(created) : null,
        DockerVersion = "",
        Author = image.Author,
        Config = Config(image.Settings),
        Architecture = image.Architecture,
        Variant = image.Variant.Length > 0 ? image.Variant : null,
        Os = image.Os,
        Size = image.SizeBytes,
        GraphDriver = new WireGraphDriver { Name = "overlayfs", Data = [] },
        RootFs = new WireRootFs { Type = "layers", Layers = [.. image.Layers] },
        Metadata = new WireImageMetadata { LastTagTime = image.TaggedAt },
    };

    /// <summary>Newest step first.</summary>
    public static List<WireImageHistory> ToHistory(LocalImage image)
    {
        // Steps without a layer of their own take no room.
        var layers = new Queue<long>(image.LayerBytes);
        long[] sizes = [.. image.History.Select(h => h.IsEmptyLayer || layers.Count == 0 ? 0 : layers.Dequeue()).Reverse()];
        return
        [
        .. image.History.Reverse().Select((step, i) => new WireImageHistory
        {
            Id = i == 0 ? image.Id : "<missing>",
            Created = step.CreatedAt?.ToUnixTimeSeconds() ?? 0,
            CreatedBy = step.CreatedBy,
            Tags = i == 0 ? [.. image.Tags] : null,
            Size = sizes[i],
            Comment = step.Comment,
        }),
        ];
    }

    private static WireImageConfig Config(ImageSettings settings) => new()
    {
        User = settings.User,
        ExposedPorts = Set(settings.ExposedPorts),
        Env = [.. settings.Env],
        Cmd = settings.Command.IsEmpty ? null : [.. settings.Command],
        Healthcheck = settings.HealthCheck?.ToWire(),
        Volumes = Set(settings.Volumes),
        WorkingDir = settings.WorkingDirectory,
        Entrypoint = settings.Entrypoint.IsEmpty ? null : [.. settings.Entrypoint],
        Labels = new Dictionary<string, string>(settings.Labels, StringComparer.Ordinal),
        StopSignal = settings.StopSignal.Length > 0 ? settings.StopSignal : null,
    };

    private static Dictionary<string, WireEmpty>? Set(ValueList<string> items)
        => items.IsEmpty ? null : items.Distinct(StringComparer.Ordinal).ToDictionary(i => i, _ => new WireEmpty(), StringComparer.Ordinal);
}
