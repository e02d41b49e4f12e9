using static Skep.Store.Tests.Things;

namespace Skep.Store.Tests;

public sealed class ApplyTests
{
    [Fact]
    public void Created_objects_get_the_index_as_version_and_the_proposers_clock()
    {
        AppliedBatch applied = StoreView.Empty.Apply(7, new ChangeBatch(Noon, [Create(Service("s", "web"))]));

        Service stored = applied.View.Services.Find(new ServiceId("s"))!;
        Assert.Equal(new CommitOutcome.Committed(7), applied.Outcome);
        Assert.Equal(new ObjectVersion(7), stored.Version);
        Assert.Equal((Noon, Noon), (stored.CreatedAt, stored.UpdatedAt));
        Assert.True(Assert.Single(applied.Events).IsCreated);
    }

    [Fact]
    public void Updated_objects_keep_when_they_were_created()
    {
        StoreView view = StoreView.Empty.With(Service("s", "web"));
        Service service = view.Services.ByName("web")!;

        AppliedBatch applied = view.Then(Update(service with { PreviousSpec = service.Spec }));

        Service stored = applied.View.Services.Find(service.Id)!;
        Assert.Equal(service.CreatedAt, stored.CreatedAt);
        Assert.Equal(Noon.AddSeconds(1), stored.UpdatedAt);
        Assert.Equal(new ObjectVersion(2), stored.Version);
        Assert.Same(service, Assert.Single(applied.Events).Old);
    }

    [Fact]
    public void Update_of_an_old_version_refuses_the_whole_batch()
    {
        StoreView first = StoreView.Empty.With(Service("s", "web"));
        Service old = first.Services.ByName("web")!;
        StoreView second = first.Then(Update(old)).View;

        AppliedBatch applied = second.Then(Create(Node("n")), Update(old with { PreviousSpec = old.Spec }));

        Assert.Equal(new CommitOutcome.Conflict(ObjectRef.Of(old), new ObjectVersion(1), new ObjectVersion(2)), applied.Outcome);
        Assert.Empty(applied.View.Nodes);
        Assert.Empty(applied.Events);
        Assert.Equal(3ul, applied.View.Index);
    }

    [Fact]
    public void Second_update_of_one_object_in_a_batch_is_a_conflict()
    {
        StoreView view = StoreView.Empty.With(Node("n"));
        Node node = view.Nodes.Find(new NodeId("n"))!;

        Assert.IsType<CommitOutcome.Conflict>(view.Then(Update(node), Update(node)).Outcome);
    }

    [Fact]
    public void Create_of_a_taken_id_is_a_conflict()
    {
        StoreView view = StoreView.Empty.With(Node("n"));

        Assert.Equal(
            new CommitOutcome.Conflict(new ObjectRef(ObjectKind.Node, "n"), ObjectVersion.None, new ObjectVersion(1)),
            view.Then(Create(Node("n"))).Outcome);
    }

    [Fact]
    public void Second_cluster_object_is_a_conflict()
    {
        StoreView view = StoreView.Empty.With(ACluster("c1"));

        Assert.IsType<CommitOutcome.Conflict>(view.Then(Create(ACluster("c2"))).Outcome);
    }

    [Theory]
    [InlineData(0ul, true)]
    [InlineData(1ul, true)]
    [InlineData(2ul, false)]
    public void Remove_and_require_check_the_version_named(ulong expected, bool fits)
    {
        StoreView view = StoreView.Empty.With(Node("n"));

        Assert.Equal(fits, view.Then(new StoreChange.Remove(ObjectKind.Node, "n", new ObjectVersion(expected))).Outcome.IsCommitted);
        Assert.Equal(fits, view.Then(new StoreChange.Require(ObjectKind.Node, "n", new ObjectVersion(expected))).Outcome.IsCommitted);
    }

    [Fact]
    public void Changes_of_objects_that_are_gone_are_missing()
    {
        var missing = new CommitOutcome.Missing(new ObjectRef(ObjectKind.Node, "n"));

        Assert.Equal(missing, StoreView.Empty.Then(Update(Node("n"))).Outcome);
        Assert.Equal(missing, StoreView.Empty.Then(new StoreChange.Remove(ObjectKind.Node, "n", default)).Outcome);
        Assert.Equal(missing, StoreView.Empty.Then(new StoreChange.Require(ObjectKind.Node, "n", default)).Outcome);
    }

    [Fact]
    public void Require_looks_at_the_store_before_the_batch()
    {
        StoreView view = StoreView.Empty.With(Node("n"));
        Node node = view.Nodes.Find(new NodeId("n"))!;

        Assert.True(view.Then(Update(node), StoreChange.Require.Unchanged(node)).Outcome.IsCommitted);
        Assert.IsType<CommitOutcome.Missing>(view.Then(Create(Node("m")), new StoreChange.Require(ObjectKind.Node, "m", default)).Outcome);
    }

    [Fact]
    public void Remove_then_create_of_the_same_id_makes_a_new_object()
    {
        StoreView view = StoreView.Empty.With(Service("s", "web", 80));
        Service old = view.Services.ByName("web")!;

        AppliedBatch applied = view.Then(StoreChange.Remove.Of(old), Create(Service("s", "web", 80)));

        Assert.True(applied.Outcome.IsCommitted);
        Assert.Equal(applied.View.Services.ByName("web")!.CreatedAt, Noon.AddSeconds(1));
        Assert.Equal(new ObjectRef(ObjectKind.Service, "s"), applied.View.HolderOf("service:web"));
    }

    [Fact]
    public void A_refused_batch_leaves_the_old_view_untouched()
    {
        StoreView view = StoreView.Empty.With(Service("a", "web", 80), Task("t", "a", 1));

        AppliedBatch applied = view.Then(Create(Service("b", "api", 81)), Create(Task("u", "b", 1)), Create(Service("c", "web")));

        Assert.Equal(new CommitOutcome.UniqueKeyTaken("service:web", new ObjectRef(ObjectKind.Service, "c"), new ObjectRef(ObjectKind.Service, "a")), applied.Outcome);
        Assert.Equal(view.All, applied.View.All);
        Assert.Null(applied.View.HolderOf("port:tcp/81"));
        Assert.Empty(view.Tasks.OfService(new ServiceId("b")));
    }

    [Fact]
    public void Unique_keys_can_be_swapped_within_one_batch()
    {
        StoreView view = StoreView.Empty.With(Service("a", "one", 80), Service("b", "two", 81));
        Service a = view.Services.ByName("one")!;
        Service b = view.Services.ByName("two")!;

        AppliedBatch applied = view.Then(Update(a with { Spec = b.Spec }), Update(b with { Spec = a.Spec }));

        Assert.True(applied.Outcome.IsCommitted);
        Assert.Equal(b.Id, applied.View.Services.ByName("one")!.Id);
        Assert.Equal(a.Id, applied.View.Services.ByName("two")!.Id);
        Assert.Equal(new ObjectRef(ObjectKind.Service, "a"), applied.View.HolderOf("port:tcp/81"));
    }

    [Fact]
    public void Unique_keys_of_removed_objects_are_free_again()
    {
        StoreView view = StoreView.Empty.With(Service("a", "web", 80));
        view = view.Then(StoreChange.Remove.Of(view.Services.ByName("web")!)).View;

        Assert.True(view.Then(Create(Service("b", "web", 80))).Outcome.IsCommitted);
    }

    private static Cluster ACluster(string id) => new(new ClusterId(id))
    {
        Spec = ClusterSpec.Default,
        RootCa = new RootCa("", default, ""),
        JoinTokens = new JoinTokens("", ""),
    };
}
