using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Store;

namespace Skep.Micro;

/// <summary>What the store costs without disk and network: encode, decode, apply, snapshot.</summary>
internal static class StoreRun
{
    /// <param name="args">Tasks in the store (default 100,000).</param>
    public static int Run(string[] args)
    {
        int count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
        var codec = new ProtoStoreCodec();
        SwarmTask[] tasks = [.. Enumerable.Range(0, count).Select(i => PlacementInput.Task(i, 100, filtered: true) with { Node = new NodeId($"node{i % 1000:d21}") })];
        for (int round = 1; round <= 2; round++)
        {
            StoreView view = StoreView.Empty;
            Say($"create {count} tasks, 1000 per batch", count, () =>
            {
                foreach (SwarmTask[] chunk in tasks.Chunk(1000))
                {
                    view = Through(codec, view, chunk.Select(t => new StoreChange.Create(t)));
                }
            });
            SwarmTask[] stored = [.. view.Tasks];
            int updates = Math.Min(count, 20_000);
            Say($"update {updates} tasks, one per batch", updates, () =>
            {
                foreach (SwarmTask task in stored.Take(updates))
                {
                    view = Through(codec, view, [new StoreChange.Update(task with { Status = new SwarmTaskStatus(TaskState.Running, PlacementInput.Now) })]);
                }
            });
            using var snapshot = new MemoryStream();
            var store = new ClusterStore(new NoLog(), codec, TimeProvider.System, new StoreOptions());
            Say("write a snapshot", count, () => store.WriteSnapshot(view, snapshot));
            snapshot.Position = 0;
            Say($"restore {snapshot.Length >> 20} MiB", count, () => store.Restore(view.Index, snapshot));
            Say("checksum", count, () => store.Checksum(view));
        }

        return 0;
    }

    private static StoreView Through(ProtoStoreCodec codec, StoreView view, IEnumerable<StoreChange> changes)
    {
        var entry = new ArrayBufferWriter<byte>(4096);
        codec.EncodeBatch(new ChangeBatch(PlacementInput.Now, changes.ToValueList()), entry);
        AppliedBatch applied = view.Apply(view.Index + 1, codec.DecodeBatch(entry.WrittenMemory));
        return applied.Outcome.IsCommitted ? applied.View : throw new InvalidOperationException($"{applied.Outcome}");
    }

    private static void Say(string what, int objects, Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {took.TotalMilliseconds:f0} ms, {took.TotalMicroseconds / objects:f2} µs each"));
    }

    private sealed class NoLog : IReplicatedLog
    {
        public ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct) => throw new NotSupportedException();

        public ValueTask<ulong> ReadIndexAsync(CancellationToken ct) => throw new NotSupportedException();
    }
}
