using System.Buffers;
using static Skep.Store.Tests.Things;

namespace Skep.Store.Tests;

public sealed class ReplicaTests
{
    private readonly RememberingCodec _codec = new();

    /// <summary>The same entries, one replica from the start and one from a snapshot in the middle: same outcomes, same bytes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_replica_restored_in_the_middle_agrees_with_one_that_saw_everything(int seed)
    {
        var random = new Random(seed);
        ClusterStore first = NewReplica();
        ClusterStore second = NewReplica();
        int refused = 0;
        for (ulong index = 1; index <= 200; index++)
        {
            byte[] entry = Encode(Plan(first.View(), random));
            object outcome = first.Apply(index * 2, entry);
            refused += outcome is CommitOutcome.Committed ? 0 : 1;
            if (index == 100)
            {
                using var snapshot = new MemoryStream();
                first.WriteSnapshot(first.View(), snapshot);
                snapshot.Position = 0;
                second.Restore(index * 2, snapshot);
            }
            else if (index > 100)
            {
                Assert.Equal(outcome, second.Apply(index * 2, entry));
                Assert.Equal(first.Checksum(first.View()), second.Checksum(second.View()));
            }
        }

        Assert.InRange(refused, 10, 190);
    }

    /// <summary>Plans are made from views that are old by the time they are applied; no increment may be lost all the same.</summary>
    [Fact]
    public void Authors_who_retry_after_conflicts_lose_no_update()
    {
        var random = new Random(3);
        ClusterStore store = NewReplica();
        ulong index = 1;
        store.Apply(index, Encode([Create(Task("t", "s", 0))]));
        Queue<StoreView> plannedFrom = new(Enumerable.Repeat(store.View(), 8));
        int done = 0;
        int conflicts = 0;
        while (done < 100)
        {
            StoreView seen = plannedFrom.Dequeue();
            SwarmTask task = seen.Tasks.Find(new TaskId("t"))!;
            var outcome = (CommitOutcome)store.Apply(++index, Encode([Update(task with { Networks = task.Networks.Add(new NetworkAttachment(new NetworkId("n"), null, done)) })]));
            done += outcome.IsCommitted ? 1 : 0;
            conflicts += outcome is CommitOutcome.Conflict ? 1 : 0;
            plannedFrom.Enqueue(store.View());
            if (random.Next(3) == 0)
            {
                plannedFrom.Enqueue(plannedFrom.Dequeue());
            }
        }

        Assert.Equal(Enumerable.Range(0, 100), store.View().Tasks.Find(new TaskId("t"))!.Networks.Select(n => n.PrefixLength));
        Assert.True(conflicts > 0);
    }

    private ClusterStore NewReplica() => new(new OneReplicaLog(), _codec, TimeProvider.System, new StoreOptions());

    private byte[] Encode(StoreChange[] changes)
    {
        var output = new ArrayBufferWriter<byte>();
        _codec.EncodeBatch(new ChangeBatch(Noon, [.. changes]), output);
        return output.WrittenSpan.ToArray();
    }

    private static StoreChange[] Plan(StoreView view, Random random) =>
    [
        .. Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
        {
            IStoredObject made = random.Next(2) == 0
                ? Service($"s{random.Next(20)}", $"name{random.Next(25)}", random.Next(3) == 0 ? random.Next(1, 20) : 0)
                : Task($"t{random.Next(40)}", $"s{random.Next(5)}", random.Next(3), $"n{random.Next(3)}");
            IStoredObject? old = view.Find(ObjectRef.Of(made));
            return old is null ? Create(made)
                : random.Next(3) == 0 ? StoreChange.Remove.Of(old)
                : Update(made.Stamped(random.Next(8) == 0 ? new ObjectVersion(1) : old.Version, default, default));
        }),
    ];
}
