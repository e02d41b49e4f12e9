namespace Skep.Model;

/// <summary>The kinds of things a manager tells a node, in the order they are applied in.</summary>
public enum AssignmentKind
{
    Peer = 1,
    Network = 2,
    Secret = 3,
    Config = 4,
    ServiceRecord = 5,
    Endpoint = 6,
    Task = 7,
}

/// <summary>Names one item of a node's assignment set.</summary>
public readonly record struct AssignmentKey(AssignmentKind Kind, string Id) : IComparable<AssignmentKey>
{
    public int CompareTo(AssignmentKey other) => Kind != other.Kind ? (int)Kind - (int)other.Kind : string.CompareOrdinal(Id, other.Id);
}

/// <summary>One thing a node needs to know to do its part: a task to run, or what that task depends on.</summary>
public abstract record AssignmentItem
{
    private AssignmentItem()
    {
    }

    public abstract AssignmentKey Key { get; }

    /// <summary>Another node (or the node itself): where its data plane is.</summary>
    /// <param name="Index"><see cref="Node.NetworkIndex"/>.</param>
    /// <param name="DataPathAddress">Underlay address.</param>
    /// <param name="PeerAddress">host:port of its gRPC listener.</param>
    /// <param name="Attachments">Its own address per network.</param>
    /// <param name="IsUp">False while the node is down: its endpoints are dead, its images cannot be fetched.</param>
    public sealed record Peer(NodeId Node, string Hostname, int Index, string DataPathAddress, string PeerAddress, ValueMap<NetworkId, Ipv4Address> Attachments, bool IsUp) : AssignmentItem
    {
        public override AssignmentKey Key => new(AssignmentKind.Peer, Node.Value);
    }

    /// <summary>A network that tasks of this node use; the ingress network always.</summary>
    public sealed record NetworkInfo(Network Network) : AssignmentItem
    {
        public override AssignmentKey Key => new(AssignmentKind.Network, Network.Id.Value);
    }

    public sealed record SecretData(Secret Secret) : AssignmentItem
    {
        public override AssignmentKey Key => new(AssignmentKind.Secret, Secret.Id.Value);
    }

    public sealed record ConfigData(Config Config) : AssignmentItem
    {
        public override AssignmentKey Key => new(AssignmentKind.Config, Config.Id.Value);
    }

    /// <summary>What a service is called and reached by, for the node's maps and DNS.</summary>
    public sealed record ServiceRecord(ServiceId Service, string Name, ServiceEndpoint Endpoint) : AssignmentItem
    {
        public override AssignmentKey Key => new(AssignmentKind.ServiceRecord, Service.Value);
    }

    /// <summary>A task's place in one network, wherever the task runs.</summary>
    /// <param name="Aliases">Further DNS names of the task's service in this network.</param>
    public sealed record TaskEndpoint(NetworkId Network, TaskId Task, ServiceId Service, string TaskName, NodeId Node, Ipv4Address Address, EndpointState State, ValueList<string> Aliases) : AssignmentItem
    {
        public override AssignmentKey Key => new(AssignmentKind.Endpoint, $"{Network}/{Task}");
    }

    /// <summary>A task this node is to bring to its desired state.</summary>
    public sealed record TaskAssignment(SwarmTask Task) : AssignmentItem
    {
        public override AssignmentKey Key => new(AssignmentKind.Task, Task.Id.Value);
    }
}

/// <summary>What a task's endpoint may be used for.</summary>
public enum EndpointState
{
    /// <summary>Known to DNS and the maps, gets new connections.</summary>
    Serving = 0,

    /// <summary>Starting or stopping: reachable, but gets no new connections.</summary>
    Draining = 1,

    /// <summary>Gone (or its node is): open connections are reset.</summary>
    Dead = 2,
}

/// <summary>A step of a node's assignment set. Applied in order; a gap in <see cref="Sequence"/> asks for a complete set.</summary>
/// <param name="IsComplete">True: the set is exactly <see cref="Puts"/>.</param>
/// <param name="Sequence">Counts up by one within a session, from 1.</param>
public sealed record AssignmentChange(bool IsComplete, ulong Sequence, ValueList<AssignmentItem> Puts, ValueList<AssignmentKey> Removes);

/// <summary>What an agent reports of one task.</summary>
public sealed record TaskReport(TaskId Task, SwarmTaskStatus Status);
