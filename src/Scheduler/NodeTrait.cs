namespace Skep.Scheduler;

/// <summary>Something about a node that constraints and spread preferences can name.</summary>
internal sealed class NodeTrait
{
    private const string NodeLabelPrefix = "node.labels.";
    private const string EngineLabelPrefix = "engine.labels.";

    private static readonly NodeTrait Architecture = new(n => PlatformNames.Normalized(n.Description?.Platform.Architecture ?? ""));
    private static readonly NodeTrait Address = new(n => n.Status.Address);

    private readonly Func<Node, string> _read;

    private NodeTrait(Func<Node, string> read) => _read = read;

    public bool IsAddress => ReferenceEquals(this, Address);

    public bool IsLabel { get; private init; }

    public static NodeTrait? Find(string key) => key.ToLowerInvariant() switch
    {
        "node.id" => new NodeTrait(n => n.Id.Value),
        "node.hostname" => new NodeTrait(n => n.Hostname),
        "node.ip" => Address,
        "node.role" => new NodeTrait(n => n.Role switch { NodeRole.Manager => "manager", NodeRole.Worker => "worker" }),
        "node.platform.os" => new NodeTrait(n => n.Description?.Platform.Os ?? ""),
        "node.platform.arch" => Architecture,
        _ => Label(key, NodeLabelPrefix, n => n.Spec.Annotations.Labels) ?? Label(key, EngineLabelPrefix, n => n.Description?.EngineLabels),
    };

    public string Of(Node node) => _read(node);

    /// <summary>A value to compare with, spelled as this trait spells its own.</summary>
    public string Normalized(string value) => ReferenceEquals(this, Architecture) ? PlatformNames.Normalized(value) : value;

    private static NodeTrait? Label(string key, string prefix, Func<Node, ValueMap<string, string>?> labels)
    {
        if (key.Length <= prefix.Length || !key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string name = key[prefix.Length..];
        return new NodeTrait(n => labels(n) is { } map && map.TryGetValue(name, out string? value) ? value : "") { IsLabel = true };
    }
}

/// <summary>Names of processor architectures: the kernel's and Go's mean the same.</summary>
internal static class PlatformNames
{
    public static string Normalized(string architecture) => architecture.ToLowerInvariant() switch
    {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        string other => other,
    };
}
