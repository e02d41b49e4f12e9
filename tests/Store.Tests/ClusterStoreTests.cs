using System.Buffers;
using static Skep.Store.Tests.Things;

namespace Skep.Store.Tests;

public sealed class ClusterStoreTests
{
    private readonly OneReplicaLog _log = new();
    private readonly RememberingCodec _codec = new();
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(20));

    private CancellationToken Limit => _limit.Token;

    private ClusterStore NewStore(int watchCapacity = 16)
    {
        var store = new ClusterStore(_log, _codec, TimeProvider.System, new StoreOptions { WatchCapacity = watchCapacity });
        _log.Store = store;
        return store;
    }

    [Fact]
    public async Task What_was_committed_is_in_the_next_view()
    {
        ClusterStore store = NewStore();

        CommitOutcome outcome = await store.CommitAsync([Create(Node("n"))], Limit);

        Assert.Equal(new CommitOutcome.Committed(1), outcome);
        Assert.Single(store.View().Nodes);
    }

    [Fact]
    public async Task An_empty_batch_is_committed_without_an_entry()
    {
        ClusterStore store = NewStore();

        Assert.Equal(new CommitOutcome.Committed(0), await store.CommitAsync([], Limit));
        Assert.Equal(0ul, _log.LastIndex);
    }

    [Fact]
    public async Task What_is_committed_to_a_branch_is_checked_there_and_stays_there()
    {
        ClusterStore store = NewStore();
        await store.CommitAsync([Create(Service("s1", "web", publishedPort: 80))], Limit);

        ClusterStore branch = store.Branch(store.View());
        CommitOutcome made = await branch.CommitAsync([Create(Service("s2", "api"))], Limit);
        CommitOutcome refused = await branch.CommitAsync([Create(Service("s3", "other", publishedPort: 80))], Limit);

        Assert.Equal(new CommitOutcome.Committed(2), made);
        Assert.IsType<CommitOutcome.UniqueKeyTaken>(refused);
        Assert.Equal(["api", "web"], (await branch.ReadAsync(Limit)).Services.Select(s => s.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["web"], store.View().Services.Select(s => s.Name));
        Assert.Equal((1ul, 1ul), (store.View().Index, _log.LastIndex));
    }

    [Fact]
    public async Task A_read_waits_until_this_replica_has_caught_up()
    {
        ClusterStore store = NewStore();
        var caughtUp = new TaskCompletionSource();
        _log.CaughtUp = caughtUp.Task;

        ValueTask<StoreView> read = store.ReadAsync(Limit);
        await store.CommitAsync([Create(Node("n"))], Limit);
        Assert.False(read.IsCompleted);
        caughtUp.SetResult();

        Assert.Single((await read).Nodes);
    }

    [Fact]
    public async Task Waiting_for_an_index_ends_when_it_or_a_later_one_is_applied()
    {
        ClusterStore store = NewStore();
        Task first = store.WaitForIndexAsync(1, Limit).AsTask();
        Task third = store.WaitForIndexAsync(3, Limit).AsTask();
        _log.LastIndex = 1;

        await store.CommitAsync([Create(Node("n"))], Limit);

        await first;
        Assert.False(third.IsCompleted);
        await store.CommitAsync([Create(Node("n"))], Limit);
        await third;
        await store.WaitForIndexAsync(2, Limit);
    }

    [Fact]
    public async Task A_watch_begins_with_the_whole_view_and_goes_on_in_order()
    {
        ClusterStore store = NewStore();
        await store.CommitAsync([Create(Node("a"))], Limit);
        using StoreWatch watch = store.Watch();
        List<StoreBatch> seen = await TakeAsync(watch, 1);
        await store.CommitAsync([Create(Node("b")), Create(Node("c"))], Limit);
        await store.CommitAsync([Create(Node("a"))], Limit);
        await store.CommitAsync([StoreChange.Remove.Of(store.View().Nodes.Find(new NodeId("b"))!)], Limit);

        seen.AddRange(await TakeAsync(watch, 2));

        Assert.True(seen[0].IsResync);
        Assert.Equal(["a"], seen[0].View.Nodes.Select(n => n.Id.Value));
        Assert.Equal(["b", "c"], seen[1].Events.Select(e => e.Key));
        Assert.True(Assert.Single(seen[2].Events).IsRemoved);
        Assert.Equal([1ul, 2ul, 4ul], seen.Select(b => b.Index));
    }

    [Fact]
    public async Task A_watch_that_is_read_later_misses_nothing_since_it_was_made()
    {
        ClusterStore store = NewStore();
        using StoreWatch watch = store.Watch();
        await store.CommitAsync([Create(Node("a"))], Limit);

        List<StoreBatch> seen = await TakeAsync(watch, 2);

        Assert.True(seen[0].IsResync);
        Assert.Empty(seen[0].View.Nodes);
        Assert.Equal("a", Assert.Single(seen[1].Events).Key);
        Assert.Null(watch.TryTake());
    }

    [Fact]
    public async Task A_slow_watcher_gets_a_resync_and_then_what_follows()
    {
        ClusterStore store = NewStore(watchCapacity: 2);
        using StoreWatch watch = store.Watch();
        await TakeAsync(watch, 1);
        for (int i = 0; i < 5; i++)
        {
            await store.CommitAsync([Create(Node($"n{i}"))], Limit);
        }

        List<StoreBatch> seen = [.. await TakeAsync(watch, 2), .. await TakeAsync(watch, 1)];

        Assert.Equal([true, false, false], seen.Select(b => b.IsResync));
        Assert.Equal(3, seen[0].View.Nodes.Count);
        Assert.Equal(["n3", "n4"], seen.SelectMany(b => b.Events).Select(e => e.Key));
    }

    [Fact]
    public async Task A_disposed_watch_ends()
    {
        StoreWatch watch = NewStore().Watch();
        watch.Dispose();

        Assert.True((await TakeAsync(watch, 5)).Count <= 1);
    }

    [Fact]
    public async Task A_snapshot_restores_the_same_store()
    {
        ClusterStore store = NewStore();
        await store.CommitAsync([Create(Node("n", "alpha")), Create(Service("s", "web", 80)), Create(Task("t", "s", 1, "n")), Create(Secret("k", "key"))], Limit);
        using var snapshot = new MemoryStream();
        store.WriteSnapshot(store.View(), snapshot);
        ulong checksum = store.Checksum(store.View());

        ClusterStore other = NewStore();
        using StoreWatch watch = other.Watch();
        await TakeAsync(watch, 1);
        snapshot.Position = 0;
        other.Restore(9, snapshot);

        Assert.Equal(store.View().All, other.View().All);
        Assert.Equal(checksum, other.Checksum(other.View()));
        Assert.Equal(9ul, other.View().Index);
        Assert.NotNull(other.View().HolderOf("port:tcp/80"));
        Assert.True(Assert.Single(await TakeAsync(watch, 1)).IsResync);
    }

    [Fact]
    public async Task A_damaged_snapshot_is_refused_wherever_the_damage_is()
    {
        ClusterStore store = NewStore();
        await store.CommitAsync([Create(Node("n")), Create(Service("s", "web"))], Limit);
        using var snapshot = new MemoryStream();
        store.WriteSnapshot(store.View(), snapshot);
        byte[] good = snapshot.ToArray();

        for (int length = 0; length < good.Length; length++)
        {
            Assert.Throws<ClusterException>(() => store.Restore(9, new MemoryStream(good[..length])));
        }

        foreach (int at in new[] { 0, 9, good.Length - 1, good.Length - 33 })
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x40;
            Assert.Throws<ClusterException>(() => store.Restore(ulong.MaxValue, new MemoryStream(bad)));
        }

        Assert.Equal(2, store.View().All.Count());
    }

    [Fact]
    public async Task A_batch_that_is_too_large_is_refused_before_it_is_proposed()
    {
        var store = new ClusterStore(_log, _codec, TimeProvider.System, new StoreOptions { MaxBatchBytes = 3 });

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(async () => await store.CommitAsync([Create(Node("n"))], Limit));

        Assert.Equal(ErrorKind.InvalidArgument, refused.Kind);
        Assert.Equal(0ul, _log.LastIndex);
    }

    [Fact]
    public async Task What_no_replica_could_read_is_refused_before_it_is_proposed()
    {
        ClusterStore store = NewStore();
        _codec.Unreadable = change => change.Target.Key == "poison";

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(async () => await store.CommitAsync([Create(Node("poison"))], Limit));

        Assert.Equal("the change cannot be applied: unreadable", refused.Message);
        Assert.Equal(0ul, _log.LastIndex);
    }

    [Fact]
    public async Task An_entry_that_cannot_be_read_changes_nothing_and_stops_nothing()
    {
        ClusterStore store = NewStore();
        await store.CommitAsync([Create(Node("n1"))], Limit);
        var entry = new ArrayBufferWriter<byte>();
        _codec.EncodeBatch(new ChangeBatch(Noon, [Create(Node("poison"))]), entry);
        _codec.Unreadable = change => change.Target.Key == "poison";

        object outcome = store.Apply(++_log.LastIndex, entry.WrittenMemory);
        await store.CommitAsync([Create(Node("n2"))], Limit);

        Assert.Equal(new CommitOutcome.Refused("unreadable"), outcome);
        Assert.Equal(3ul, store.View().Index);
        Assert.Equal(["n1", "n2"], store.View().Nodes.Select(n => n.Id.Value));
    }

    [Fact]
    public async Task An_entry_of_a_newer_version_is_not_passed_over()
    {
        ClusterStore store = NewStore();
        await store.CommitAsync([Create(Node("n1"))], Limit);
        var entry = new ArrayBufferWriter<byte>();
        _codec.EncodeBatch(new ChangeBatch(Noon, [Create(Node("n2"))]), entry);
        _codec.IsOfTomorrow = true;

        NewerFormatException refused = Assert.Throws<NewerFormatException>(() => store.Apply(2, entry.WrittenMemory));

        Assert.Equal("it is of format 2, this version reads up to 1: install the version the other managers run", refused.Message);
        Assert.Equal(1ul, store.View().Index);
    }

    [Fact]
    public async Task Plans_that_fit_share_an_entry()
    {
        ClusterStore store = NewStore();

        IReadOnlyList<CommitOutcome> outcomes = await store.CommitEachAsync([[Create(Node("a"))], [], [Create(Node("b")), Create(Node("c"))]], Limit);

        Assert.All(outcomes, o => Assert.True(o.IsCommitted));
        Assert.Equal(1ul, _log.LastIndex);
    }

    [Fact]
    public async Task A_plan_that_is_refused_is_refused_alone()
    {
        ClusterStore store = NewStore();
        await store.CommitAsync([Create(Service("s0", "web", publishedPort: 80))], Limit);
        _codec.Unreadable = change => change.Target.Key == "n5";

        StoreChange[][] plans = [.. Enumerable.Range(1, 9).Select(i => i == 3 ? new[] { Create(Service("s3", "other", publishedPort: 80)) } : [Create(Node($"n{i}"))])];
        IReadOnlyList<CommitOutcome> outcomes = await store.CommitEachAsync(plans, Limit);

        Assert.IsType<CommitOutcome.UniqueKeyTaken>(outcomes[2]);
        Assert.IsType<CommitOutcome.Refused>(outcomes[4]);
        Assert.Equal(7, outcomes.Count(o => o.IsCommitted));
        Assert.Equal(["n1", "n2", "n4", "n6", "n7", "n8", "n9"], store.View().Nodes.Select(n => n.Id.Value));
    }

    [Fact]
    public async Task Plans_are_cut_by_bytes_and_one_that_is_too_large_follows_itself_in_order()
    {
        _codec.BytesPerChange = 10;
        var store = new ClusterStore(_log, _codec, TimeProvider.System, new StoreOptions { MaxBatchBytes = 40 });
        _log.Store = store;

        StoreChange[] large = [.. Enumerable.Range(0, 9).Select(i => Create(Node($"l{i}")))];
        IReadOnlyList<CommitOutcome> outcomes = await store.CommitEachAsync([[Create(Node("a"))], large, [Create(Node("b")), Create(Node("c"))]], Limit);

        Assert.All(outcomes, o => Assert.True(o.IsCommitted));
        Assert.Equal(12, store.View().Nodes.Count);
        Assert.True(_codec.Largest <= 40, $"an entry of {_codec.Largest} bytes was applied");
    }

    private async Task<List<StoreBatch>> TakeAsync(StoreWatch watch, int count)
    {
        var taken = new List<StoreBatch>();
        await foreach (StoreBatch batch in watch.WithCancellation(Limit))
        {
            taken.Add(batch);
            if (taken.Count == count)
            {
                break;
            }
        }

        return taken;
    }
}
