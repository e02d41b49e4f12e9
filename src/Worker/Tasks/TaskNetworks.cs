using System.Collections.Concurrent;
using Skep.Engine.Containers;
using Skep.Engine.Networks;
using Skep.Overlay;
using Skep.Worker.Agent;

namespace Skep.Worker.Tasks;

/// <summary>Gives tasks their place in the node's network, and says what the cluster wants of it. One for each membership.</summary>
internal sealed class TaskNetworks(NetworkLoop loop, string hostname, NodeId self, Func<AssignmentView> view, Func<ValueList<int>> managerPorts, WorkerOptions options, TimeProvider time)
    : ITaskNetworks, IClusterNetwork
{
    private readonly ConcurrentDictionary<TaskId, TaskSandbox> _joined = new();

    public IEnumerable<Network> Networks => view().Networks.Values;

    public bool HasAdopted => !_joined.IsEmpty;

    public DesiredNetwork? Desired() => DesiredNetworkBuilder.Build(view(), self, hostname, _joined.Select(WithParents), managerPorts());

    /// <summary>A task that an earlier agent gave its namespace: it must be in the first picture, or it would lose it.</summary>
    public void Adopt(SwarmTask task)
    {
        try
        {
            Join(task, view());
        }
        catch (ClusterException e)
        {
            loop.LogFailure(e.Message); // settings it was made from are gone: what is plugged in stays
            _joined[task.Id] = DesiredNetworkBuilder.Sandbox(task, view(), loop.Addresses.Take, (_, _) => null);
        }
    }

    public async Task<JoinedNetwork> JoinAsync(SwarmTask task, CancellationToken ct)
    {
        AssignmentView now = view();
        string[] drivers = [.. task.Networks.Select(a => NetworkDrivers.Of(now.Networks.GetValueOrDefault(a.Network), a.Network))];
        if (drivers.Contains("host"))
        {
            return new JoinedNetwork(null, null, Endpoints(task, now, null), []);
        }

        if (drivers.Length > 0 && drivers.All(d => d == "null"))
        {
            return new JoinedNetwork("", null, Endpoints(task, now, null), []);
        }

        if (drivers.FirstOrDefault(d => d is not ("overlay" or "null" or "bridge" or "macvlan")) is { } other)
        {
            throw ClusterException.Invalid($"network driver {other} is not supported by this node");
        }

        TaskSandbox sandbox = Join(task, now);
        await loop.AppliedAsync(loop.Changed(), ct);
        foreach (NetworkAttachment attachment in task.Networks)
        {
            if (loop.ReasonAgainst(attachment.Network) is { } reason)
            {
                throw ClusterException.Invalid($"network {now.Networks.GetValueOrDefault(attachment.Network)?.Name ?? attachment.Network.Value}: {reason}");
            }
        }

        foreach (HostPort port in sandbox.HostPorts)
        {
            if (loop.HeldPorts.Contains(port.Bound))
            {
                // Source of the words: moby/moby:libnetwork/portmapper, what users look for.
                throw new ClusterException(ErrorKind.FailedPrecondition, $"failed to bind host port {port.Published}: address already in use by a program of this node");
            }
        }

        string path = await loop.Network.CreateSandboxAsync(task.Id, ct);
        return new JoinedNetwork(path, sandbox.Overlays.IsEmpty ? null : sandbox.Dns.ToResolvConf(), Endpoints(task, now, sandbox), DesiredNetworkBuilder.HostPorts(task).ToValueList());
    }

    public async Task DrainAsync(SwarmTask task, int pid, CancellationToken ct)
    {
        AssignmentView now = view();
        NetworkAttachment[] reachable = [.. task.Networks.Where(a => a.Address is not null)];
        if (reachable.Length == 0)
        {
            return;
        }

        try
        {
            // This node's own maps first, however long that takes; then the others, who show by what still comes from them.
            await loop.AppliedAsync(loop.Changed(), ct);
        }
        catch (ClusterException e)
        {
            loop.LogFailure(e.Message); // A task must be stoppable on a node whose network is broken.
        }

        await TcpActivity.WaitUntilQuietAsync(() => TcpActivity.Of(pid), options.DrainDelay, options.DrainLimit, time, ct);
        foreach (NetworkAttachment attachment in reachable)
        {
            bool isIngress = now.Networks.GetValueOrDefault(attachment.Network)?.Spec.Ingress == true;
            await loop.Network.DeleteFlowsAsync(isIngress ? null : attachment.Network, attachment.Address!.Value, ct);
        }
    }

    public async Task LeaveAsync(SwarmTask task, CancellationToken ct)
    {
        if (_joined.TryRemove(task.Id, out TaskSandbox? joined))
        {
            try
            {
                await loop.Network.RemoveSandboxAsync(task.Id, ct);
            }
            catch
            {
                _joined.TryAdd(task.Id, joined); // Whoever asks again finds it.
                throw;
            }

            loop.Changed();
        }

        loop.Addresses.Release(task.Id);
        loop.Directs.Release(task.Id);
    }

    /// <summary>An interface whose parent device went has gone with it, and must not hold up the rest.</summary>
    private static KeyValuePair<TaskId, TaskSandbox> WithParents(KeyValuePair<TaskId, TaskSandbox> joined)
        => joined.Value.Directs.IsEmpty ? joined
            : new(joined.Key, joined.Value with { Directs = joined.Value.Directs.Where(d => HostPrefixes.HasLink(d.Parent)).ToValueList() });

    private TaskSandbox Join(SwarmTask task, AssignmentView now)
        => _joined.GetOrAdd(task.Id, _ => DesiredNetworkBuilder.Sandbox(task, now, loop.Addresses.Take, loop.Directs.Take));

    private static ValueList<LocalEndpoint> Endpoints(SwarmTask task, AssignmentView view, TaskSandbox? sandbox)
    {
        var endpoints = new List<LocalEndpoint>();
        foreach (NetworkAttachment attachment in task.Networks)
        {
            Network? found = view.Networks.GetValueOrDefault(attachment.Network);
            DirectAttachment? direct = sandbox?.Directs.FirstOrDefault(d => d.Network == attachment.Network);
            endpoints.Add(new LocalEndpoint(
                attachment.Network, found?.Name ?? attachment.Network.Value, direct?.Address ?? attachment.Address, direct?.Subnet.Length ?? attachment.PrefixLength)
            {
                Gateway = direct?.Gateway ?? found?.Allocation?.Gateway,
                Mac = (direct?.Address ?? attachment.Address) is { } address ? MacAddress.ForTask(address) : null,
                Aliases = attachment.Aliases,
            });
        }

        if (sandbox?.Egress is { } egress && endpoints.All(e => e.Address != egress.Address))
        {
            endpoints.Add(new LocalEndpoint(new NetworkId("bridge"), "bridge", egress.Address, 16));
        }

        return endpoints.ToValueList();
    }
}
