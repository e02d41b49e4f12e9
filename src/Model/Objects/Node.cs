namespace Skep.Model;

/// <summary>A machine of the cluster.</summary>
public sealed record Node(NodeId Id) : IStoredObject
{
    public ObjectVersion Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public required NodeSpec Spec { get; init; }

    /// <summary>The role its certificate carries; follows <see cref="NodeSpec.DesiredRole"/>.</summary>
    public NodeRole Role { get; init; }

    /// <summary>How often the role has changed. A certificate carries the number it was issued under, so that of two statements about a role the newer is known.</summary>
    public uint RoleGeneration { get; init; }

    /// <summary>What the agent said of itself; null before its first session.</summary>
    public NodeDescription? Description { get; init; }

    public NodeStatus Status { get; init; } = NodeStatus.Unknown;

    /// <summary>On managers: the member of the Raft group. Null on workers.</summary>
    public ManagerMember? Manager { get; init; }

    /// <summary>Small number of the node, 1 to 65535, unique; its MAC addresses and marks follow from it. 0: not allocated yet.</summary>
    public int NetworkIndex { get; init; }

    /// <summary>The node's own address in each network it takes part in, the ingress network's among them. Written by the allocator.</summary>
    public ValueMap<NetworkId, Ipv4Address> Attachments { get; init; } = ValueMap<NetworkId, Ipv4Address>.Empty;

    ObjectKind IStoredObject.Kind => ObjectKind.Node;

    string IStoredObject.Key => Id.Value;

    IEnumerable<string> IStoredObject.UniqueKeys => NetworkIndex == 0 ? [] : [$"node-index:{NetworkIndex}"];

    public string Hostname => Description?.Hostname ?? "";

    /// <summary>Its heartbeats have stayed away: it cannot be asked, and what it runs is replaced. One that was not heard of yet is not down.</summary>
    public bool IsDown => Status.State == NodeState.Down;

    /// <summary>Tasks that are on it may stay and start there. Where this is false, they are replaced elsewhere.</summary>
    /// <remarks>Source: moby/swarmkit:manager/orchestrator/task.go, InvalidNode.</remarks>
    public bool MayRunTasks => !IsDown && Spec.Availability != NodeAvailability.Drain;

    /// <summary>It is heard and takes tasks it does not have yet: neither paused nor drained.</summary>
    /// <remarks>Source: moby/swarmkit:manager/scheduler/filter.go, ReadyFilter.</remarks>
    public bool TakesNewTasks => Status.State == NodeState.Ready && Spec.Availability == NodeAvailability.Active;

    /// <summary>Users want it as a manager, whether or not it is one already: <see cref="Role"/> and <see cref="Manager"/> follow.</summary>
    public bool IsToBeManager => Spec.DesiredRole == NodeRole.Manager;

    public Node WithRole(NodeRole role) => role == Role ? this : this with { Role = role, RoleGeneration = RoleGeneration + 1 };

    IStoredObject IStoredObject.Stamped(ObjectVersion version, DateTimeOffset createdAt, DateTimeOffset updatedAt)
        => this with { Version = version, CreatedAt = createdAt, UpdatedAt = updatedAt };
}

/// <summary>Whether a node is heard.</summary>
/// <remarks>The numbers are Docker's and stored. Its 3, Disconnected, is never given here: a node is heard or it is down.</remarks>
public enum NodeState
{
    Unknown = 0,
    Down = 1,
    Ready = 2,
}

/// <param name="Address">The node's address as its manager saw it or as it advertises.</param>
public sealed record NodeStatus(NodeState State, string Message, string Address)
{
    public static NodeStatus Unknown { get; } = new(NodeState.Unknown, "", "");

    /// <summary>When the state last changed; deadlines are computed from it.</summary>
    public DateTimeOffset Since { get; init; }
}

/// <param name="RaftId">Never 0.</param>
/// <param name="Address">host:port of the member's gRPC listener.</param>
public sealed record ManagerMember(ulong RaftId, string Address);

/// <summary>What an agent says of its machine.</summary>
public sealed record NodeDescription(string Hostname, Platform Platform, Resources Resources)
{
    /// <summary>Held ports a node names; which others there are is found once some of these are free.</summary>
    public const int MostHeldPorts = 64;

    public string EngineVersion { get; init; } = "";

    public ValueMap<string, string> EngineLabels { get; init; } = ValueMap<string, string>.Empty;

    /// <summary>Type and name: Network/overlay, Volume/local, Log/json-file …</summary>
    public ValueList<EnginePlugin> Plugins { get; init; } = [];

    /// <summary>Where peers reach the node's data plane (VXLAN).</summary>
    public string DataPathAddress { get; init; } = "";

    /// <summary>host:port of the node's own gRPC listener (logs, images).</summary>
    public string PeerAddress { get; init; } = "";

    /// <summary>Published ports that a program of this node has, so that they are not published there: "22/tcp".</summary>
    public ValueList<string> HeldPorts { get; init; } = [];

    /// <summary>What the node trusts, and whose certificate it shows; null from agents that do not say.</summary>
    public NodeTls? Tls { get; init; }
}

/// <param name="TrustRoot">PEM of the roots it trusts.</param>
/// <param name="IssuerSubject">DER of the name of who signed its certificate.</param>
/// <param name="IssuerPublicKey">DER of that one's public key.</param>
public sealed record NodeTls(string TrustRoot, ValueList<byte> IssuerSubject, ValueList<byte> IssuerPublicKey);

public sealed record EnginePlugin(string Type, string Name);
