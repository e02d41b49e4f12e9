using Skep.Engine.Networks;
using Skep.Worker.Agent;

namespace Skep.Worker.Tasks;

/// <summary>The border to the Overlay room: what a task needs of its node's network. The second implementation is a node without one.</summary>
internal interface ITaskNetworks
{
    /// <summary>Gives the task its namespace with everything plugged in.</summary>
    /// <exception cref="ClusterException">A network of it cannot work here; the message says why.</exception>
    Task<JoinedNetwork> JoinAsync(SwarmTask task, CancellationToken ct);

    /// <summary>Before the stop signal: waits until others no longer send new connections.</summary>
    /// <param name="pid">A process of the task.</param>
    Task DrainAsync(SwarmTask task, int pid, CancellationToken ct);

    /// <summary>After the last process: lets the namespace go.</summary>
    Task LeaveAsync(SwarmTask task, CancellationToken ct);
}

/// <summary>A node without a data plane: host and none only.</summary>
internal sealed class HostOnlyNetworks(Func<NetworkId, Network?> networks) : ITaskNetworks
{
    public Task<JoinedNetwork> JoinAsync(SwarmTask task, CancellationToken ct)
    {
        bool isHost = false;
        foreach (NetworkAttachment attachment in task.Networks)
        {
            string driver = Agent.NetworkDrivers.Of(networks(attachment.Network), attachment.Network);
            if (driver is not ("host" or "null"))
            {
                throw ClusterException.Invalid($"network {networks(attachment.Network)?.Name ?? attachment.Network.Value} needs a data plane, which this node does not have");
            }

            isHost |= driver == "host";
        }

        return Task.FromResult(new JoinedNetwork(isHost ? null : "", null, [], []));
    }

    public Task DrainAsync(SwarmTask task, int pid, CancellationToken ct) => Task.CompletedTask;

    public Task LeaveAsync(SwarmTask task, CancellationToken ct) => Task.CompletedTask;
}
