using Skep.Worker.Tasks;

namespace Skep.Worker.Standalone;

/// <summary>What a standalone container needs of its node's network. The second implementation is a node without a data plane.</summary>
internal interface IStandaloneNetworks
{
    /// <summary>Makes sure that the networks it names exist and may be used by it, before it is made.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>: no such network.</exception>
    Task CheckAsync(StandaloneSpec spec, CancellationToken ct);

    /// <summary>Gives the container its namespace with everything plugged in.</summary>
    Task<TaskNetwork> JoinAsync(StandaloneRecord record, CancellationToken ct);

    /// <summary>A container that an earlier agent left running keeps what it has.</summary>
    void Adopt(StandaloneRecord record);

    /// <summary>Plugs a running container into a further network.</summary>
    Task<LocalEndpointPlace> ConnectAsync(StandaloneRecord record, StandaloneEndpoint wish, CancellationToken ct);

    Task DisconnectAsync(StandaloneRecord record, NetworkId network, CancellationToken ct);

    /// <summary>After the last process: lets the namespace go.</summary>
    Task LeaveAsync(StandaloneRecord record, CancellationToken ct);
}

/// <summary>A place in a network that a container was given.</summary>
internal sealed record LocalEndpointPlace(Local.LocalEndpoint Endpoint);

/// <summary>A node without a data plane: host, none and other containers' networks only.</summary>
internal sealed class NoStandaloneNetworks : IStandaloneNetworks
{
    public Task CheckAsync(StandaloneSpec spec, CancellationToken ct)
        => spec.NetworkMode is "host" or "none" || spec.NetworkMode.StartsWith("container:", StringComparison.Ordinal) ? Task.CompletedTask : throw Missing(spec.NetworkMode);

    public Task<TaskNetwork> JoinAsync(StandaloneRecord record, CancellationToken ct) => record.Spec.NetworkMode switch
    {
        "host" => Task.FromResult(new TaskNetwork(null, null, [], [])),
        "none" => Task.FromResult(new TaskNetwork("", null, [], [])),
        var other => throw Missing(other),
    };

    public void Adopt(StandaloneRecord record)
    {
    }

    public Task<LocalEndpointPlace> ConnectAsync(StandaloneRecord record, StandaloneEndpoint wish, CancellationToken ct) => throw Missing(wish.Network);

    public Task DisconnectAsync(StandaloneRecord record, NetworkId network, CancellationToken ct) => throw Missing(network.Value);

    public Task LeaveAsync(StandaloneRecord record, CancellationToken ct) => Task.CompletedTask;

    private static ClusterException Missing(string network) => ClusterException.Invalid($"network {network} needs a data plane, which this node does not have");
}
