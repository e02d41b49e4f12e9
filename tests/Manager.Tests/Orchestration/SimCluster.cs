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

    private readonly ISimLoop[] _loops =
    [
        new SimLoop<ServiceId>(new ReplicatedServices()), new SimLoop<ServiceId>(new GlobalServices()), new SimLoop<ServiceId>(new Jobs()), new SimLoop<ServiceId>(new RemovedServices()),
        new SimLoop<ServiceId>(new TaskReaper()), new SimLoop<NodeId>(new ConstraintEnforcer()), new SimLoop<NodeId>(new OrphanedTasks()),
    ];

    private readonly IdSource _ids;
    private int _settled;
    private bool _mayPlace;

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
    public AllocationIndex Book { get; set; } = new();

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
            _mayPlace |= PlacementPlan.MayHelp(change);
            foreach (ISimLoop loop in _loops)
            {
                loop.Note(change, View);
            }
        }

        Check?.Invoke(before, View);
    }

    public void Update<T>(T stored)
        where T : IStoredObject => Apply(new StoreChange.Update(stored));

    /// <summary>Runs all loops until none has anything to change at this moment. They look at what was touched, and now and then at everything: then too nothing may change.</summary>
    public void Settle()
    {
        for (int round = 0; round < 200; round++)
        {
            ulong before = View.Index;
            foreach (ISimLoop loop in _loops)
            {
                loop.Run(this, new Moment(Now, _ids, Random));
            }

            Apply([.. Allocator.Plan(Book, View, Now)]);
            Place();
            if (View.Index == before && !(_loops.Min(l => l.NextWake) <= Now))
            {
                NextWake = _loops.Min(l => l.NextWake);
                if (_settled++ % 8 == 0)
                {
                    AssertAtRest();
                }

                return;
            }
        }

        Assert.Fail("the loops do not come to rest");
    }

    /// <summary>Another leader: it knows nothing but what is stored.</summary>
    public void ChangeLeader()
    {
        Book = AllocationIndex.Of(View);
        _mayPlace = true;
        foreach (ISimLoop loop in _loops)
        {
            loop.Begin(View);
        }
    }

    private void Place()
    {
        if (!_mayPlace)
        {
            return;
        }

        _mayPlace = false;
        Apply([.. Placed()]);
    }

    private IReadOnlyList<StoreChange> Placed()
    {
        ClusterCache picture = ClusterCache.Of(View.Nodes, View.Tasks, View.Networks);
        return PlacementPlan.Of(Placer.Place(picture, picture.Pending, Now), Now);
    }

    private void AssertAtRest()
    {
        Assert.Equal(AllocationIndex.Of(View).Describe(), Book.Describe());
        Assert.DoesNotContain(Placed(), c => c is StoreChange.Update { Object: SwarmTask { Status.State: TaskState.Assigned } });
        Assert.Empty(Allocator.Plan(AllocationIndex.Of(View), View, Now));
        foreach (ISimLoop loop in _loops)
        {
            loop.AssertAtRest(View, new Moment(Now, _ids, Random));
        }
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
}
