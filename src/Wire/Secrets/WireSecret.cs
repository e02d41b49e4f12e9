using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>A secret as answers show it: never with its data.</summary>
public sealed record WireSecret
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public WireVersion? Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public WireSecretSpec? Spec { get; init; }
}

public sealed record WireSecretSpec
{
    public string? Name { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>Base64; in requests only.</summary>
    public byte[]? Data { get; init; }

    public WireDriver? Driver { get; init; }

    public WireDriver? Templating { get; init; }

    public override string ToString() => $"WireSecretSpec {{ Name = {Name} }}";
}

public sealed record WireConfig
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public WireVersion? Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public WireConfigSpec? Spec { get; init; }
}

public sealed record WireConfigSpec
{
    public string? Name { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>Base64.</summary>
    public byte[]? Data { get; init; }

    public WireDriver? Templating { get; init; }
}
