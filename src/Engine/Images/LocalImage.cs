namespace Skep.Engine.Images;

/// <summary>An image of this node.</summary>
/// <param name="Id">Digest of its config, <c>sha256:…</c>, as Docker's image id.</param>
public sealed record LocalImage(string Id)
{
    /// <summary>Short names: <c>busybox:latest</c>, <c>registry.example/app:1</c>.</summary>
    public ValueList<string> Tags { get; init; } = [];

    /// <summary><c>name@sha256:…</c> of what a registry or peer gave.</summary>
    public ValueList<string> Digests { get; init; } = [];

    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Bytes of its files, all layers together.</summary>
    public long SizeBytes => LayerBytes.Sum();

    /// <summary>Bytes of each layer's files, lowest first.</summary>
    public ValueList<long> LayerBytes { get; init; } = [];

    /// <summary>When a name was last given to it.</summary>
    public DateTimeOffset? TaggedAt { get; init; }

    public string Architecture { get; init; } = "";

    public string Variant { get; init; } = "";

    public string Os { get; init; } = "";

    public string Author { get; init; } = "";

    public ImageSettings Settings { get; init; } = new();

    /// <summary>Diff ids of the layers, lowest first.</summary>
    public ValueList<string> Layers { get; init; } = [];

    public ValueList<LocalImageHistory> History { get; init; } = [];

    /// <summary>Digest of what the name points to (manifest or index).</summary>
    public string TargetDigest { get; init; } = "";

    public string TargetMediaType { get; init; } = "";
}

/// <summary>What an image says of how it is run. Source: opencontainers/image-spec:config.md and Docker's Healthcheck.</summary>
public sealed record ImageSettings
{
    public string User { get; init; } = "";

    public ValueList<string> Env { get; init; } = [];

    public ValueList<string> Entrypoint { get; init; } = [];

    public ValueList<string> Command { get; init; } = [];

    public string WorkingDirectory { get; init; } = "";

    public ValueList<string> Volumes { get; init; } = [];

    /// <summary><c>80/tcp</c> …</summary>
    public ValueList<string> ExposedPorts { get; init; } = [];

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public string StopSignal { get; init; } = "";

    public HealthCheck? HealthCheck { get; init; }

    public ValueList<string> Shell { get; init; } = [];
}

public sealed record LocalImageHistory(DateTimeOffset? CreatedAt, string CreatedBy, string Comment, bool IsEmptyLayer);

/// <summary>One step of a pull or load, as <c>docker pull</c> prints it.</summary>
/// <param name="Id">Short digest of the layer, or the tag; empty for lines of their own.</param>
/// <param name="Status"><c>Downloading</c>, <c>Pull complete</c> …</param>
public sealed record ImageProgress(string Id, string Status, long CurrentBytes = 0, long TotalBytes = 0)
{
    /// <summary>True for a step of one layer, which is shown in place of the layer's last; false for a line that stays.</summary>
    public bool IsOfLayer => Id.Length > 0 && !Status.StartsWith("Pulling from ", StringComparison.Ordinal) && !Status.StartsWith("digest: ", StringComparison.Ordinal);
}

/// <summary>What a name stands for at a moment: the digest of its manifest or index, and the machines that it is for.</summary>
public sealed record ImageVersion(string Digest, string MediaType, long Size, ValueList<Platform> Platforms);

/// <summary>User and password, or a token, for a registry; what Docker's X-Registry-Auth carries.</summary>
public sealed record RegistryCredentials(string User, SensitiveBytes Password)
{
    public SensitiveBytes IdentityToken { get; init; }

    public SensitiveBytes RegistryToken { get; init; }
}
