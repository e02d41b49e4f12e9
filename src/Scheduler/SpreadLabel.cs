namespace Skep.Scheduler;

/// <summary>A label whose values tasks are to be spread over: <c>node.labels.rack</c> or <c>engine.labels.disk</c>.</summary>
/// <remarks>Source: moby/swarmkit:manager/scheduler/nodeset.go.</remarks>
public sealed class SpreadLabel
{
    private readonly NodeTrait _trait;

    private SpreadLabel(NodeTrait trait) => _trait = trait;

    /// <exception cref="ClusterException">InvalidArgument: not a label.</exception>
    public static SpreadLabel Parse(string text)
        => TryParse(text) ?? throw ClusterException.Invalid($"cannot spread over '{text}': expected node.labels.* or engine.labels.*");

    public static SpreadLabel? TryParse(string text) => NodeTrait.Find(text.Trim()) is { IsLabel: true } trait ? new SpreadLabel(trait) : null;

    /// <summary>The node's value; empty if it does not have the label.</summary>
    public string Of(Node node) => _trait.Of(node);
}
