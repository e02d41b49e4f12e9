namespace Skep.Model;

/// <summary>Name and labels, common to all that users create.</summary>
public sealed record Annotations(string Name)
{
    public static Annotations Unnamed { get; } = new("");

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;
}

/// <summary>A driver and its options (networks, volumes, logs, secrets).</summary>
public sealed record Driver(string Name)
{
    public ValueMap<string, string> Options { get; init; } = ValueMap<string, string>.Empty;
}

/// <summary>Processor architecture and operating system. Empty matches any.</summary>
public sealed record Platform(string Architecture, string Os);
