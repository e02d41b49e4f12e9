using Skep.Manager.Allocation;
using Skep.Manager.Orchestration;
using Skep.Manager.Scheduling;
using Skep.Model;
using Skep.Scheduler;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

/// <summary>A cluster's store with the leader's reconcilers around it and nodes that do as they are told, in virtual time, on one thread.</summary>
internal sealed class SimCluster
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly IReconciler<ServiceId>[] OfServices = [new ReplicatedServices(), new GlobalServices(), new RemovedServices(), new TaskReaper()];

    public static readonly IReconciler<NodeId>[] OfNodes = [new ConstraintEnforcer(), new LostTasks()];

    private readonly IdSource _ids;
    private int _settled;

    public SimCluster(int seed, int nodes)
    {
        Random = new Random(seed);
        _ids = IdSource.From(Random);
        List<IStoredObject> objects = [Things.Cluster(), Things.Ingress()];
        objects.AddRange(Enumerable.Range(1, nodes).Select(i => Things.Node($"n{i}")));
        Apply([.. objects.Select(o => new StoreChange.Create(o))]);
    }

    public Random Random { get; }

    public DateTimeOffset Now { get; private set; } = Noon;

    public StoreView View { get; private set; } = StoreView.Empty;

    /// <summary>Kept up event by event, as the allocator's loop does.</summary>
    public AllocationBook Book { get; set; } = new();

    public FakeAgents Agents { get; } = new();

    /// <summary>Called after each batch with the view before and after it.</summary>
    public Action<StoreView, StoreView>? Check { get; set; }

    /// <summary>The next moment something asked to be looked at again.</summary>
    public DateTimeOffset? NextWake { get; private set; }

    public void Apply(params StoreChange[] changes)
    {
        if (changes.Length == 0)
        {
            return;
        }

        AppliedBatch applied = View.Apply(View.Index + 1, new ChangeBatch(Now, [.. changes]));
        Assert.IsType<CommitOutcome.Committed>(applied.Outcome);
        StoreView before = View;
        View = applied.View;
        foreach (StoreEvent change in applied.Events)
        {
            Book.Apply(change.Old, change.New, View);
        }

        Check?.Invoke(before, View);
    }

    public void Update<T>(T stored)
        where T : IStoredObject => Apply(new StoreChange.Update(stored));

    /// <summary>Runs all loops until none has anything to change at this moment.</summary>
    public void Settle()
    {
        for (int round = 0; round < 200; round++)
        {
            ulong before = View.Index;
            NextWake = null;
            Reconcile();
            Apply([.. Allocator.Plan(Book, View, Now)]);
            ClusterPicture picture = ClusterPicture.Of(View.Nodes, View.Tasks, View.Networks);
            Apply([.. PlacementPlan.Of(Placer.Place(picture, picture.Pending, Now), Now)]);
            if (View.Index == before)
            {
                if (_settled++ % 8 == 0)
                {
                    Assert.Equal(AllocationBook.Of(View).Describe(), Book.Describe());
                }

                return;
            }
        }

        Assert.Fail("the loops do not come to rest");
    }

    /// <summary>The agents take one step, the loops answer, time goes on by so much.</summary>
    public void Step(TimeSpan by)
    {
        Now += by;
        Apply([.. Agents.Step(View, Now, Random)]);
        Settle();
    }

    public void Run(TimeSpan time, TimeSpan? step = null)
    {
        TimeSpan each = step ?? TimeSpan.FromMilliseconds(250);
        for (DateTimeOffset end = Now + time; Now < end;)
        {
            Step(each);
        }
    }

    private void Reconcile()
    {
        foreach (IReconciler<ServiceId> reconciler in OfServices)
        {
            RunAll(reconciler);
        }

        foreach (IReconciler<NodeId> reconciler in OfNodes)
        {
            RunAll(reconciler);
        }
    }

    /// <summary>Each plan is applied and made again at the same moment: then it must be empty.</summary>
    private void RunAll<TKey>(IReconciler<TKey> reconciler)
        where TKey : notnull
    {
        foreach (TKey key in reconciler.AllKeys(View).ToArray())
        {
            var moment = new Moment(Now, _ids, Random);
            Plan plan = reconciler.Reconcile(View, key, moment);
            Apply([.. plan.Changes]);
            if (plan.Changes.Count < ServiceDraft.MostChanges)
            {
                Plan again = reconciler.Reconcile(View, key, moment);
                Assert.True(again.Changes.IsEmpty, $"{reconciler.GetType().Name} changes {string.Join(", ", again.Changes.Select(c => c.Target))} again");
                Assert.False(again.WakeAt <= Now, $"{reconciler.GetType().Name} asks to be called again at once");
            }

            NextWake = plan.WakeAt < NextWake || NextWake is null ? plan.WakeAt ?? NextWake : NextWake;
        }
    }
}
