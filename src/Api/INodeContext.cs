using Skep.Engine;
using Skep.Engine.Events;
using Skep.Manager.Backup;
using Skep.Manager.Control;

namespace Skep.Api;

/// <summary>The node behind the API, as it is at this moment. Implemented by Host.</summary>
public interface INodeContext
{
    NodeFacts Facts { get; }

    INodeLifecycle Lifecycle { get; }

    /// <summary>Null while this node is no manager.</summary>
    ClusterControl? Control { get; }

    /// <summary>Null while the agent does not run; then the node half answers 503.</summary>
    ContainerEngine? Local { get; }

    /// <summary>What happened on this node and, on a manager, to the cluster.</summary>
    EventHub Events { get; }
}

/// <summary>How the node enters and leaves clusters.</summary>
public interface INodeLifecycle
{
    SwarmState State();

    /// <returns>The id of this node, the new cluster's first manager.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: addresses. <see cref="ErrorKind.Unavailable"/>: already part of a cluster.</exception>
    Task<NodeId> InitAsync(SwarmInit request, CancellationToken ct);

    /// <summary>Makes the cluster of a backup on this node, its only manager then.</summary>
    /// <returns>The id of this node.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: addresses, the secret, the backup. <see cref="ErrorKind.Unavailable"/>: already part of a cluster.</exception>
    Task<NodeId> RestoreAsync(SwarmRestore request, Stream backup, CancellationToken ct);

    /// <summary>Has a manager that cannot read its data, or whose address has changed, join the other managers anew, as the node it is: with its id, its certificate and what runs on it.</summary>
    /// <param name="advertiseAddress">Where others reach it from now on; empty: where they did.</param>
    /// <exception cref="ClusterException">
    /// <see cref="ErrorKind.FailedPrecondition"/>: no manager, or one that runs, or one that knows no other.
    /// <see cref="ErrorKind.Unavailable"/>: not part of a cluster, or the others did not take it in; its data is where it was then.
    /// </exception>
    Task RejoinAsync(string advertiseAddress, CancellationToken ct);

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the token. <see cref="ErrorKind.Unavailable"/>: already part of a cluster, or no manager answers.</exception>
    Task JoinAsync(SwarmJoin request, CancellationToken ct);

    /// <param name="force">A manager leaves only with it.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: not part of a cluster, or a manager and not forced.</exception>
    Task LeaveAsync(bool force, CancellationToken ct);

    /// <summary>Lets a locked manager go on.</summary>
    /// <param name="unlockKey">In the form that <see cref="Rpc.Security.UnlockKey.Parse"/> gives.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/>: not locked. <see cref="ErrorKind.Unauthenticated"/>: the key is another one.</exception>
    Task UnlockAsync(SensitiveBytes unlockKey, CancellationToken ct);
}

/// <summary>Docker's LocalNodeState; its words are these in lower case.</summary>
public enum LocalNodeState
{
    Inactive,
    Pending,
    Active,
    Error,
    Locked,
}

/// <summary>The node's part in a cluster.</summary>
public sealed record SwarmState(LocalNodeState State)
{
    public NodeId? Node { get; init; }

    /// <summary>The address this node advertises; empty outside a cluster.</summary>
    public string NodeAddress { get; init; } = "";

    public bool IsManager { get; init; }

    public string Error { get; init; } = "";

    public ValueList<RemoteManager> Managers { get; init; } = [];
}

/// <param name="Address">host:port.</param>
public sealed record RemoteManager(NodeId Node, string Address);

/// <summary>What <c>swarm init</c> asks. Empty addresses: the node finds its own.</summary>
public sealed record SwarmInit(string ListenAddress, string AdvertiseAddress, string DataPathAddress)
{
    public int DataPathPort { get; init; } = 4789;

    public bool ForceNewCluster { get; init; }

    public ClusterSpec Spec { get; init; } = ClusterSpec.Default;

    public NodeAvailability Availability { get; init; }

    /// <summary>Empty: the default pool.</summary>
    public ValueList<Ipv4Prefix> AddressPools { get; init; } = [];

    public int SubnetSize { get; init; } = 24;
}

/// <summary>What <c>swarm restore</c> asks. Empty addresses: the node finds its own.</summary>
public sealed record SwarmRestore(string ListenAddress, string AdvertiseAddress, string DataPathAddress, BackupSecret Secret);

/// <summary>What <c>swarm join</c> asks.</summary>
/// <param name="Remotes">host:port of managers, tried in turn.</param>
/// <param name="Token">SWMTKN-1-…; secret.</param>
public sealed record SwarmJoin(ValueList<string> Remotes, SensitiveBytes Token)
{
    public string ListenAddress { get; init; } = "";

    public string AdvertiseAddress { get; init; } = "";

    public string DataPathAddress { get; init; } = "";

    public NodeAvailability Availability { get; init; }
}
