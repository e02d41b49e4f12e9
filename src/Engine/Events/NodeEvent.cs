namespace Skep.Engine.Events;

/// <summary>Something that happened, as <c>docker events</c> tells it.</summary>
/// <param name="Type">container, image, volume, network, daemon, builder; on managers also service, node, secret, config.</param>
/// <param name="Action">create, start, <c>exec_create: sh -c …</c>, <c>health_status: healthy</c> …</param>
/// <param name="Id">Of the object it happened to.</param>
/// <param name="Attributes">Its name, and what else the event says.</param>
public sealed record NodeEvent(string Type, string Action, string Id, ValueMap<string, string> Attributes)
{
    /// <summary>When; later than that of every event before it.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>True for the cluster's objects (scope swarm), false for this node's own (scope local).</summary>
    public bool IsOfCluster { get; init; }
}
