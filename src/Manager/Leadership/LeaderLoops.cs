using Microsoft.Extensions.Logging;
using Skep.Manager.Allocation;
using Skep.Manager.Ca;
using Skep.Manager.Orchestration;
using Skep.Manager.Scheduling;

namespace Skep.Manager.Leadership;

/// <summary>The loops of orchestration, in one list: a new loop is one line here.</summary>
internal static class LeaderLoops
{
    public static IReadOnlyList<ILeaderLoop> All(ClusterStore store, TimeProvider time, IdSource ids, Random random, ILoggerFactory loggers)
    {
        ILogger reconcilers = loggers.CreateLogger("Skep.Manager.Reconcilers");
        return
        [
            new ReconcileLoop<ServiceId>(new ReplicatedServices(), store, time, ids, random, reconcilers),
            new ReconcileLoop<ServiceId>(new GlobalServices(), store, time, ids, random, reconcilers),
            new ReconcileLoop<ServiceId>(new Jobs(), store, time, ids, random, reconcilers),
            new ReconcileLoop<ServiceId>(new RemovedServices(), store, time, ids, random, reconcilers),
            new ReconcileLoop<NetworkId>(new RemovedNetworks(), store, time, ids, random, reconcilers),
            new ReconcileLoop<ServiceId>(new TaskReaper(), store, time, ids, random, reconcilers),
            new ReconcileLoop<NodeId>(new ConstraintEnforcer(), store, time, ids, random, reconcilers),
            new ReconcileLoop<ClusterId>(new RootRotations(), store, time, ids, random, reconcilers),
            new ReconcileLoop<NodeId>(new OrphanedTasks(), store, time, ids, random, reconcilers),
            new ReconcileLoop<NodeId>(new UnregisteredNodes(), store, time, ids, random, reconcilers),
            new AllocatorLoop(store, time, loggers.CreateLogger<AllocatorLoop>()),
            new SchedulerLoop(store, time, loggers.CreateLogger<SchedulerLoop>()),
        ];
    }
}
