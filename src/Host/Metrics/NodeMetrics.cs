using System.Diagnostics;
using System.Diagnostics.Metrics;
using Skep.Api;
using Skep.Host.Node;
using Skep.Manager;
using Skep.Raft;
using Skep.Store;

namespace Skep.Host.Metrics;

/// <summary>What is looked up when somebody asks: the process, the Raft member, and the cluster as this manager's replica has it.</summary>
/// <remarks>
/// Every manager tells of the whole cluster: take the maximum over managers, or the one with <c>swarm_manager_leader == 1</c>. Names that begin with
/// <c>swarm</c> and <c>engine</c> are Docker's own; those of its names that break Prometheus' rules (gauges called _total) are left out.
/// </remarks>
internal sealed class NodeMetrics : IDisposable
{
    private readonly Meter _meter = new("Skep.Host");
    private readonly NodeLifecycle _node;

    public NodeMetrics(NodeLifecycle node, NodeFacts facts, TimeProvider time)
    {
        _node = node;
        AddProcess(facts, time);
        AddRaft();
        AddCluster();
    }

    public void Dispose() => _meter.Dispose();

    private void AddProcess(NodeFacts facts, TimeProvider time)
    {
        double started = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
        _meter.CreateObservableGauge("process.start.time", () => started, "s", "When the daemon started, in seconds since 1970.");
        _meter.CreateObservableGauge("process.resident.memory", () => Environment.WorkingSet, "By", "Memory of the daemon.");
        _meter.CreateObservableCounter("process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time of the daemon, user and system.");
        _meter.CreateObservableGauge("process.open.fds", () => Directory.GetFiles("/proc/self/fd").Length, null, "Files and sockets the daemon holds open.");
        _meter.CreateObservableGauge("process.threads", () => Directory.GetDirectories("/proc/self/task").Length, null, "Threads of the daemon.");
        _meter.CreateObservableGauge(
            "engine.daemon.engine.info", () => new Measurement<int>(1, new("version", facts.Version), new("kernel", facts.KernelVersion), new("os", facts.OperatingSystem)), null, "The daemon and its machine.");
        _meter.CreateObservableGauge("engine.daemon.engine.cpus.cpus", () => Environment.ProcessorCount, null, "Processors of this machine.");
        _meter.CreateObservableGauge("engine.daemon.engine.memory", () => facts.MemoryBytes, "By", "Memory of this machine.");
    }

    private void AddRaft()
    {
        _meter.CreateObservableGauge("swarm.node.manager", () => _node.Manager is null ? 0 : 1, null, "Whether this node manages.");
        _meter.CreateObservableGauge("swarm.node.info", Info, null, "This node's id and its swarm's.");
        _meter.CreateObservableGauge("swarm.manager.leader", () => OfRaft(r => r.Role == RaftRole.Leader ? 1 : 0), null, "Whether this manager leads.");
        _meter.CreateObservableGauge("skep.raft.has.leader", () => OfRaft(r => r.Leader == 0 ? 0 : 1), null, "Whether this manager knows a leader; without one nothing changes.");
        _meter.CreateObservableGauge("skep.raft.term", () => OfRaft(r => (long)r.Term), null, "Raft's term.");
        _meter.CreateObservableGauge("skep.raft.commit.index", () => OfRaft(r => (long)r.Commit), null, "The last entry known to be committed.");
        _meter.CreateObservableGauge("skep.raft.applied.index", () => OfRaft(r => (long)r.Applied), null, "The last entry in this manager's store.");
        _meter.CreateObservableGauge("skep.raft.log.entries", () => OfRaft(r => (long)(r.LastIndex - r.FirstIndex + 1)), null, "Entries of the log since the last snapshot.");
        _meter.CreateObservableGauge("skep.raft.members", () => OfRaft(r => r.Membership.Members.Length), null, "Managers of the group.");
        _meter.CreateObservableGauge(
            "skep.raft.peers.active", () => OfRaft(r => r.Peers.Count(p => p.Answers && p.Id != r.Id)), null, "Peers the leader heard of lately; told by the leader only.");
    }

    private void AddCluster()
    {
        _meter.CreateObservableGauge("skep.store.objects", Objects, null, "Objects of the store by kind.");
        _meter.CreateObservableGauge("swarm.manager.nodes", () => OfStore(Nodes), null, "Nodes by state.");
        _meter.CreateObservableGauge("skep.nodes.unavailable", () => OfStore(Unavailable), null, "Nodes by availability that take no new tasks.");
        _meter.CreateObservableGauge("skep.tasks", () => OfStore(Tasks), null, "Tasks that are still wanted, and ended ones that are kept, by state.");
        _meter.CreateObservableGauge("skep.tasks.pending", () => OfStore(Pending), null, "Tasks that wait for a node, by what keeps them.");
        _meter.CreateObservableGauge("skep.services.updating", () => OfStore(Updates), null, "Services by the state of their last update.");
    }

    private Measurement<int>[] Info() => _node.State() is { Node: { } id } state && state.State != LocalNodeState.Inactive
        ? [new(1, new("node_id", id.Value), new("swarm_id", _node.Manager?.Store.View().Cluster?.Id.Value ?? ""))]
        : [];

    private Measurement<long>[] OfRaft(Func<RaftStatus, long> number) => _node.Manager is { } manager ? [new(number(manager.Raft.Status))] : [];

    private IEnumerable<Measurement<int>> OfStore(Func<StoreView, IEnumerable<Measurement<int>>> numbers) => _node.Manager is { } manager ? numbers(manager.Store.View()) : [];

    private IEnumerable<Measurement<int>> Objects() => OfStore(view =>
    [
        Of(view.Nodes.Count, "kind", "node"), Of(view.Services.Count, "kind", "service"), Of(view.Tasks.Count, "kind", "task"), Of(view.Networks.Count, "kind", "network"),
        Of(view.Secrets.Count, "kind", "secret"), Of(view.Configs.Count, "kind", "config"),
    ]);

    private static IEnumerable<Measurement<int>> Nodes(StoreView view)
        => Enum.GetValues<NodeState>().Select(s => Of(view.Nodes.Count(n => n.Status.State == s), "state", s.ToString().ToLowerInvariant()));

    private static IEnumerable<Measurement<int>> Unavailable(StoreView view)
        => new[] { NodeAvailability.Pause, NodeAvailability.Drain }.Select(a => Of(view.Nodes.Count(n => n.Spec.Availability == a), "availability", a.ToString().ToLowerInvariant()));

    private static IEnumerable<Measurement<int>> Tasks(StoreView view)
    {
        var counts = Enum.GetValues<TaskState>().ToDictionary(s => s, _ => 0);
        foreach (SwarmTask task in view.Tasks)
        {
            counts[task.Status.State]++;
        }

        return counts.Select(c => Of(c.Value, "state", c.Key.ToString().ToLowerInvariant()));
    }

    private static IEnumerable<Measurement<int>> Pending(StoreView view)
        => view.Tasks.Where(t => t.WaitsForNode)
            .CountBy(t => PendingReason.Of(t.Status.Error)).Select(c => Of(c.Value, "reason", c.Key));

    private static IEnumerable<Measurement<int>> Updates(StoreView view)
        => view.Services.Where(s => s.UpdateStatus is not null).CountBy(s => s.UpdateStatus!.State).Select(c => Of(c.Value, "state", c.Key.ToString().ToLowerInvariant()));

    private static Measurement<int> Of(int value, string key, string label) => new(value, new KeyValuePair<string, object?>(key, label));
}
