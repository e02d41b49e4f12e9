using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skep.Engine.Images;

/// <summary>Media types of manifests and layers. Source: opencontainers/image-spec:media-types.md; distribution manifest v2 schema 2.</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    public static bool IsIndex(string mediaType) => mediaType is OciIndex or DockerList;

    public static bool IsManifest(string mediaType) => mediaType is OciManifest or DockerManifest;
}

/// <summary>Names a blob with its type and size.</summary>
internal sealed record Descriptor
{
    public string MediaType { get; init; } = "";

    public string Digest { get; init; } = "";

    public long Size { get; init; }

    public DescriptorPlatform? Platform { get; init; }

    public Dictionary<string, string>? Annotations { get; init; }
}

internal sealed record DescriptorPlatform
{
    public string Architecture { get; init; } = "";

    public string Os { get; init; } = "";

    public string? Variant { get; init; }
}

/// <summary>Manifest or index: which of the two is told by which members are there.</summary>
internal sealed record ManifestJson
{
    public int SchemaVersion { get; init; }

    public string? MediaType { get; init; }

    public Descriptor? Config { get; init; }

    public List<Descriptor>? Layers { get; init; }

    public List<Descriptor>? Manifests { get; init; }
}

internal sealed record ImageConfigJson
{
    public DateTimeOffset? Created { get; init; }

    public string? Author { get; init; }

    public string? Architecture { get; init; }

    public string? Variant { get; init; }

    public string? Os { get; init; }

    public ImageRunJson? Config { get; init; }

    public RootfsJson? Rootfs { get; init; }

    public List<HistoryJson>? History { get; init; }

    /// <summary>The one it is for; none where it does not say.</summary>
    [JsonIgnore]
    public ValueList<Platform> Platforms => Architecture is { Length: > 0 } && Os is { Length: > 0 } ? [new Platform(Architecture, Os)] : [];
}

internal sealed record RootfsJson
{
    public string? Type { get; init; }

    [JsonPropertyName("diff_ids")]
    public List<string>? DiffIds { get; init; }
}

internal sealed record HistoryJson
{
    public DateTimeOffset? Created { get; init; }

    [JsonPropertyName("created_by")]
    public string? CreatedBy { get; init; }

    public string? Comment { get; init; }

    [JsonPropertyName("empty_layer")]
    public bool EmptyLayer { get; init; }
}

internal sealed record ImageRunJson
{
    [JsonPropertyName("User")]
    public string? User { get; init; }

    [JsonPropertyName("Env")]
    public List<string>? Env { get; init; }

    [JsonPropertyName("Entrypoint")]
    public List<string>? Entrypoint { get; init; }

    [JsonPropertyName("Cmd")]
    public List<string>? Cmd { get; init; }

    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }

    [JsonPropertyName("Volumes")]
    public Dictionary<string, JsonElement>? Volumes { get; init; }

    [JsonPropertyName("ExposedPorts")]
    public Dictionary<string, JsonElement>? ExposedPorts { get; init; }

    [JsonPropertyName("Labels")]
    public Dictionary<string, string>? Labels { get; init; }

    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }

    [JsonPropertyName("Healthcheck")]
    public HealthcheckJson? Healthcheck { get; init; }

    [JsonPropertyName("Shell")]
    public List<string>? Shell { get; init; }
}

/// <summary>Docker's addition to image configs. Durations are nanoseconds.</summary>
internal sealed record HealthcheckJson
{
    [JsonPropertyName("Test")]
    public List<string>? Test { get; init; }

    [JsonPropertyName("Interval")]
    public long Interval { get; init; }

    [JsonPropertyName("Timeout")]
    public long Timeout { get; init; }

    [JsonPropertyName("Retries")]
    public int Retries { get; init; }

    [JsonPropertyName("StartPeriod")]
    public long StartPeriod { get; init; }

    [JsonPropertyName("StartInterval")]
    public long StartInterval { get; init; }
}

/// <summary>An entry of manifest.json in the archive of docker save.</summary>
internal sealed record SavedImageJson
{
    [JsonPropertyName("Config")]
    public string Config { get; init; } = "";

    [JsonPropertyName("RepoTags")]
    public List<string>? RepoTags { get; init; }

    [JsonPropertyName("Layers")]
    public List<string> Layers { get; init; } = [];
}

internal sealed record TokenJson
{
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }
}

internal sealed record RegistryErrorsJson
{
    public List<RegistryErrorJson>? Errors { get; init; }
}

internal sealed record RegistryErrorJson
{
    public string? Code { get; init; }

    public string? Message { get; init; }
}

/// <summary>Decoded X-Registry-Auth.</summary>
internal sealed record RegistryAuthJson
{
    public string? Username { get; init; }

    public string? Password { get; init; }

    public string? Auth { get; init; }

    public string? Identitytoken { get; init; }

    public string? Registrytoken { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ManifestJson))]
[JsonSerializable(typeof(ImageConfigJson))]
[JsonSerializable(typeof(List<SavedImageJson>))]
[JsonSerializable(typeof(TokenJson))]
[JsonSerializable(typeof(RegistryErrorsJson))]
[JsonSerializable(typeof(RegistryAuthJson))]
[JsonSerializable(typeof(List<string>))]
internal sealed partial class ImageJsonContext : JsonSerializerContext;
