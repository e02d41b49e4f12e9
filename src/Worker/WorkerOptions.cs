namespace Skep.Worker;

/// <summary>What a node's agent tells of itself, and its limits; the engine it drives has its own.</summary>
public sealed record WorkerOptions
{
    /// <summary>From leaving the service's maps to the stop signal, for tasks with an address: time for other nodes to hear of it.</summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>While new connections still come, the stop signal waits longer, but not longer than this.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Labels of the engine, <c>engine.labels.x</c> in constraints.</summary>
    public ValueMap<string, string> EngineLabels { get; init; } = ValueMap<string, string>.Empty;

    /// <summary>What the node offers besides CPU and memory.</summary>
    public ValueList<GenericResource> GenericResources { get; init; } = [];

    /// <summary>Told to managers, for <c>node ls</c>.</summary>
    public string EngineVersion { get; init; } = "";

    /// <summary>The socket on which the node's own Engine API answers what managers relay to it; empty: nothing is relayed.</summary>
    public string RelaySocket { get; init; } = "";
}
