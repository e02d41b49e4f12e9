using Skep.Engine.Containers;

namespace Skep.Engine.Networks;

/// <summary>What a standalone container needs of its node's network. The second implementation is a node without a data plane.</summary>
internal interface IStandaloneNetworks
{
    /// <summary>Makes sure before it is made that what it asks of its networks goes together. Whether there are such networks its start shows, as with Docker: a client
    /// that is answered "not found" now would pull the image.</summary>
    /// <returns>The spec with each of its networks said once, by name.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    StandaloneSpec Check(StandaloneSpec spec);

    /// <summary>Gives the container its namespace with everything plugged in.</summary>
    Task<JoinedNetworks> JoinAsync(StandaloneRecord record, CancellationToken ct);

    /// <summary>A container that an earlier agent left running keeps what it has.</summary>
    void Adopt(StandaloneRecord record);

    /// <summary>Plugs a running container into a further network.</summary>
    Task<JoinedNetworks> ConnectAsync(StandaloneRecord record, StandaloneEndpoint wish, CancellationToken ct);

    /// <summary>Takes a running container out of a network.</summary>
    Task<JoinedNetworks> DisconnectAsync(StandaloneRecord record, LocalEndpoint endpoint, CancellationToken ct);

    /// <summary>After the last process: lets the namespace go.</summary>
    Task LeaveAsync(StandaloneRecord record, CancellationToken ct);
}

/// <summary>A container's network, and what is plugged into it.</summary>
internal sealed record JoinedNetworks(JoinedNetwork Network, NetworkSettings Plugged);

/// <summary>A node without a data plane: host, none and other containers' networks only.</summary>
internal sealed class NoStandaloneNetworks : IStandaloneNetworks
{
    public StandaloneSpec Check(StandaloneSpec spec)
        => spec.NetworkMode is "host" or "none" || spec.NetworkMode.StartsWith("container:", StringComparison.Ordinal) ? spec : throw Missing(spec.NetworkMode);

    public Task<JoinedNetworks> JoinAsync(StandaloneRecord record, CancellationToken ct) => record.Spec.NetworkMode switch
    {
        "host" => Task.FromResult(new JoinedNetworks(new JoinedNetwork(null, null, [], []), NetworkSettings.Nothing)),
        "none" => Task.FromResult(new JoinedNetworks(new JoinedNetwork("", null, [], []), NetworkSettings.Nothing)),
        var other => throw Missing(other),
    };

    public void Adopt(StandaloneRecord record)
    {
    }

    public Task<JoinedNetworks> ConnectAsync(StandaloneRecord record, StandaloneEndpoint wish, CancellationToken ct) => throw Missing(wish.Network);

    public Task<JoinedNetworks> DisconnectAsync(StandaloneRecord record, LocalEndpoint endpoint, CancellationToken ct) => throw Missing(endpoint.Name);

    public Task LeaveAsync(StandaloneRecord record, CancellationToken ct) => Task.CompletedTask;

    private static ClusterException Missing(string network) => ClusterException.Invalid($"network {network} needs a data plane, which this node does not have");
}
