using System.Text.Json;

namespace Skep.Engine.Images;

/// <summary>An image of this node, read and understood.</summary>
/// <param name="Name">Full name in containerd.</param>
/// <param name="Target">What the name points to: index or manifest.</param>
/// <param name="Contents">What this node's platform gets.</param>
internal sealed record StoredImage(string Name, Descriptor Target, ImageContents Contents, DateTimeOffset UpdatedAt)
{
    public string ChainId => Contents.ChainId;

    public ImageVersion Version => new(Target.Digest, Target.MediaType, Target.Size, Contents.Json.Platforms);
}

/// <summary>Manifest and config for one platform; the same for every name of the image.</summary>
internal sealed record ImageContents(Descriptor Manifest, Descriptor Config, ValueList<Descriptor> Layers, ImageConfigJson Json)
{
    public ImageSettings Settings { get; } = ToSettings(Json.Config);

    public ValueList<string> DiffIds => (Json.Rootfs?.DiffIds ?? []).ToValueList();

    /// <summary>Key of the snapshot with all layers; empty for an image without layers.</summary>
    public string ChainId => Digest.ChainIds([.. DiffIds]) is [.., var last] ? last : "";

    public static ImageContents Read(Descriptor manifestDescriptor, ManifestJson manifest, byte[] config)
    {
        ImageConfigJson json;
        try
        {
            json = JsonSerializer.Deserialize(config, ImageJsonContext.Default.ImageConfigJson) ?? throw ClusterException.Invalid("image config is empty");
        }
        catch (JsonException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"image config {manifest.Config!.Digest} is not valid: {e.Message}", e);
        }

        ValueList<Descriptor> layers = (manifest.Layers ?? []).ToValueList();
        if ((json.Rootfs?.DiffIds?.Count ?? 0) != layers.Count)
        {
            throw ClusterException.Invalid($"image {manifest.Config!.Digest} has {layers.Count} layers but names {json.Rootfs?.DiffIds?.Count ?? 0}");
        }

        return new ImageContents(manifestDescriptor, manifest.Config!, layers, json);
    }

    public LocalImage ToLocal(ValueList<string> tags, ValueList<string> digests, Descriptor target, ValueList<long> layerBytes, DateTimeOffset? taggedAt) => new(Config.Digest)
    {
        Tags = tags,
        Digests = digests,
        CreatedAt = Json.Created,
        LayerBytes = layerBytes,
        TaggedAt = taggedAt,
        Architecture = Json.Architecture ?? "",
        Variant = Json.Variant ?? "",
        Os = Json.Os ?? "",
        Author = Json.Author ?? "",
        Settings = Settings,
        Layers = DiffIds,
        History = (Json.History ?? []).Select(h => new LocalImageHistory(h.Created, h.CreatedBy ?? "", h.Comment ?? "", h.EmptyLayer)).ToValueList(),
        TargetDigest = target.Digest,
        TargetMediaType = target.MediaType,
    };

    private static ImageSettings ToSettings(ImageRunJson? json) => json is null
        ? new ImageSettings()
        : new ImageSettings
        {
            User = json.User ?? "",
            Env = (json.Env ?? []).ToValueList(),
            Entrypoint = (json.Entrypoint ?? []).ToValueList(),
            Command = (json.Cmd ?? []).ToValueList(),
            WorkingDirectory = json.WorkingDir ?? "",
            Volumes = (json.Volumes?.Keys ?? Enumerable.Empty<string>()).Order(StringComparer.Ordinal).ToValueList(),
            ExposedPorts = (json.ExposedPorts?.Keys ?? Enumerable.Empty<string>()).Order(StringComparer.Ordinal).ToValueList(),
            Labels = (json.Labels ?? []).ToValueMap(),
            StopSignal = json.StopSignal ?? "",
            Shell = (json.Shell ?? []).ToValueList(),
            HealthCheck = json.Healthcheck is { } h
                ? new HealthCheck
                {
                    Test = (h.Test ?? []).ToValueList(),
                    Interval = Nanoseconds(h.Interval),
                    Timeout = Nanoseconds(h.Timeout),
                    Retries = h.Retries,
                    StartPeriod = Nanoseconds(h.StartPeriod),
                    StartInterval = Nanoseconds(h.StartInterval),
                }
                : null,
        };

    private static TimeSpan Nanoseconds(long value) => TimeSpan.FromTicks(value / 100);
}
