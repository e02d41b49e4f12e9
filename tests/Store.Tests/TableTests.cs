using static Skep.Store.Tests.Things;

namespace Skep.Store.Tests;

public sealed class TableTests
{
    [Fact]
    public void Tables_enumerate_in_ordinal_order_of_ids()
    {
        StoreView view = StoreView.Empty.With(Node("b"), Node("a"), Node("B"), Node("10"), Node("9"));

        Assert.Equal(["10", "9", "B", "a", "b"], view.Nodes.Select(n => n.Id.Value));
    }

    [Fact]
    public void Id_prefix_finds_all_that_begin_so()
    {
        StoreView view = StoreView.Empty.With(Node("ab1"), Node("ab2"), Node("ac"), Node("a"), Node("b"));

        Assert.Equal(["ab1", "ab2"], view.Nodes.WithIdPrefix("ab").Select(n => n.Id.Value));
        Assert.Equal(2, view.Nodes.WithIdPrefix("ab").Count);
        Assert.Equal(5, view.Nodes.WithIdPrefix("").Count);
        Assert.Empty(view.Nodes.WithIdPrefix("ab12"));
    }

    [Fact]
    public void Nodes_are_found_by_host_name_even_if_several_share_it()
    {
        StoreView view = StoreView.Empty.With(Node("n1", "alpha"), Node("n2", "alpha"), Node("n3", "beta"));

        Assert.Equal(["n1", "n2"], view.Nodes.ByHostname("alpha").Select(n => n.Id.Value));
    }

    [Fact]
    public void Tasks_are_found_by_service_slot_and_node()
    {
        StoreView view = StoreView.Empty.With(Task("t3", "s", 1, "n"), Task("t1", "s", 2), Task("t2", "s", 1), Task("t4", "other", 1, "n"));

        Assert.Equal(["t2", "t3", "t1"], view.Tasks.OfService(new ServiceId("s")).Select(t => t.Id.Value));
        Assert.Equal(["t2", "t3"], view.Tasks.OfSlot(new ServiceId("s"), 1).Select(t => t.Id.Value));
        Assert.Equal(["t3", "t4"], view.Tasks.OfNode(new NodeId("n")).Select(t => t.Id.Value));
    }

    [Fact]
    public void A_task_that_gets_its_node_is_found_there()
    {
        StoreView view = StoreView.Empty.With(Task("t", "s", 1));
        view = view.Then(Update(view.Tasks.Find(new TaskId("t"))! with { Node = new NodeId("n") })).View;

        Assert.Equal(new ObjectVersion(2), Assert.Single(view.Tasks.OfNode(new NodeId("n"))).Version);
        Assert.Equal(new ObjectVersion(2), Assert.Single(view.Tasks.OfService(new ServiceId("s"))).Version);
    }

    /// <summary>Random batches, some refused: every index says the same as one made anew from the objects.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Incremental_indexes_equal_rebuilt_ones(int seed)
    {
        var random = new Random(seed);
        StoreView view = StoreView.Empty;
        int committed = 0;
        for (int step = 0; step < 400; step++)
        {
            AppliedBatch applied = view.Then([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomChange(view, random))]);
            committed += applied.Outcome.IsCommitted ? 1 : 0;
            view = applied.View;
            if (step % 10 == 0)
            {
                AssertSame(StoreView.Of(view.Index, view.All), view);
            }
        }

        Assert.InRange(committed, 100, 399);
    }

    [Fact]
    public void A_view_taken_earlier_does_not_change()
    {
        var random = new Random(5);
        StoreView view = StoreView.Empty;
        var kept = new List<(StoreView View, List<IStoredObject> Objects)>();
        for (int step = 0; step < 200; step++)
        {
            view = view.Then([.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => RandomChange(view, random))]).View;
            kept.Add((view, [.. view.All]));
        }

        Assert.All(kept, k => Assert.Equal(k.Objects, k.View.All));
    }

    private static StoreChange RandomChange(StoreView view, Random random)
    {
        IStoredObject made = random.Next(6) switch
        {
            0 => Node($"n{random.Next(12)}", $"host{random.Next(4)}"),
            1 => Service($"s{random.Next(12)}", $"name{random.Next(60)}", random.Next(3) == 0 ? random.Next(1, 90) : 0),
            2 => Network($"w{random.Next(12)}", $"name{random.Next(60)}"),
            3 => Secret($"k{random.Next(12)}", $"name{random.Next(60)}"),
            4 => Config($"c{random.Next(12)}", $"name{random.Next(60)}"),
            _ => Task($"t{random.Next(300)}", $"s{random.Next(5)}", random.Next(4), random.Next(3) == 0 ? null : $"n{random.Next(5)}"),
        };
        IStoredObject? old = view.Find(ObjectRef.Of(made));
        return old is null ? Create(made)
            : random.Next(3) == 0 ? StoreChange.Remove.Of(old)
            : Update(made.Stamped(old.Version, default, default));
    }

    private static void AssertSame(StoreView expected, StoreView found)
    {
        Assert.Equal(expected.All, found.All);
        Assert.Equal(expected.UniqueKeys.Range(default(Everything<TextKey>)), found.UniqueKeys.Range(default(Everything<TextKey>)));
        foreach (ServiceId service in Enumerable.Range(0, 12).Select(i => new ServiceId($"s{i}")))
        {
            Assert.Equal(expected.Tasks.OfService(service), found.Tasks.OfService(service));
            Assert.Equal(found.Tasks.OfService(service).AsEnumerable().Count(), found.Tasks.OfService(service).Count);
            Assert.All(Enumerable.Range(0, 4), slot => Assert.Equal(expected.Tasks.OfSlot(service, slot), found.Tasks.OfSlot(service, slot)));
        }

        foreach (NodeId node in Enumerable.Range(0, 12).Select(i => new NodeId($"n{i}")))
        {
            Assert.Equal(found.Tasks.Where(t => t.Node == node), found.Tasks.OfNode(node));
            Assert.Equal(expected.Tasks.OfNode(node), found.Tasks.OfNode(node));
        }

        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(found.Nodes.Where(n => n.Hostname == $"host{i}"), found.Nodes.ByHostname($"host{i}")));
        foreach (string name in Enumerable.Range(0, 60).Select(i => $"name{i}"))
        {
            Assert.Equal(found.Services.SingleOrDefault(s => s.Name == name), found.Services.ByName(name));
            Assert.Equal(found.Networks.SingleOrDefault(s => s.Name == name), found.Networks.ByName(name));
            Assert.Equal(found.Secrets.SingleOrDefault(s => s.Name == name), found.Secrets.ByName(name));
            Assert.Equal(found.Configs.SingleOrDefault(s => s.Name == name), found.Configs.ByName(name));
        }
    }
}
