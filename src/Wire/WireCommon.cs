using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>The body of every answer that is an error.</summary>
public sealed record WireError
{
    [JsonPropertyName("message")]
    public string? Message { get; init; }
}

/// <summary>Index of an object's last change; what updates must name.</summary>
public sealed record WireVersion
{
    public ulong Index { get; init; }
}

/// <summary>The answer to creating a service, a secret or a config.</summary>
public sealed record WireCreated
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public List<string>? Warnings { get; init; }
}

/// <summary>The answer to updating a service.</summary>
public sealed record WireWarnings
{
    public List<string>? Warnings { get; init; }
}

public sealed record WireDriver
{
    public string? Name { get; init; }

    public Dictionary<string, string>? Options { get; init; }
}

public sealed record WirePlatform
{
    public string? Architecture { get; init; }

    [JsonPropertyName("OS")]
    public string? Os { get; init; }
}

/// <summary>An object without fields, where presence alone says something.</summary>
public sealed record WireEmpty;
