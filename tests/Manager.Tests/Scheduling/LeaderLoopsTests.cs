using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Manager.Leadership;
using Skep.Manager.Tests.Orchestration;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Store;

namespace Skep.Manager.Tests.Scheduling;

/// <summary>The loops as the leader runs them, on a store whose log has one replica.</summary>
public sealed class LeaderLoopsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Services_created_side_by_side_are_all_assigned()
    {
        await using var leader = new RunningLeader();
        await leader.CreateAsync([Things.Cluster(), Things.Ingress(), Things.Overlay("back"), .. Enumerable.Range(1, 10).Select(i => Things.Node($"n{i}"))]);
        await leader.UntilAsync(v => v.Nodes.All(n => n.NetworkIndex > 0 && n.Attachments.Count == 1));
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => leader.CreateAsync([Things.Service($"s{i}", 2) with { Spec = Things.Spec($"s{i}", 2).On("back") }])));
        await leader.UntilAsync(v => v.Tasks.Count(t => t.Status.State == TaskState.Assigned) == 120 && v.Tasks.Count == 120);
        Console.WriteLine($"60 services: {clock.ElapsedMilliseconds} ms");
    }

    [Fact]
    public async Task Large_service_is_made_in_pieces_and_taken_down_again()
    {
        await using var leader = new RunningLeader();
        await leader.CreateAsync([Things.Cluster(), Things.Ingress(), .. Enumerable.Range(1, 20).Select(i => Things.Node($"n{i}"))]);
        var clock = Stopwatch.StartNew();
        await leader.CreateAsync([Things.Service("big", 3000)]);
        await leader.UntilAsync(v => v.Tasks.Count(t => t.Status.State == TaskState.Assigned) == 3000);
        Console.WriteLine($"3000 tasks assigned: {clock.ElapsedMilliseconds} ms");
        clock.Restart();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => leader.CreateAsync([Things.Service($"s{i}")])));
        await leader.UntilAsync(v => v.Tasks.Count(t => t.Status.State == TaskState.Assigned) == 4000);
        Console.WriteLine($"1000 services assigned: {clock.ElapsedMilliseconds} ms");
        clock.Restart();
        await leader.CreateAsync([Things.Service("one")]);
        await leader.UntilAsync(v => v.Tasks.OfService(new ServiceId("one")).Any(t => t.Status.State == TaskState.Assigned));
        Console.WriteLine($"one more: {clock.Elapsed.TotalMilliseconds} ms");
    }

    [Fact]
    public async Task A_service_whose_tasks_do_not_fit_into_one_entry_is_made_and_holds_up_no_other()
    {
        await using var leader = new RunningLeader();
        await leader.CreateAsync([Things.Cluster(), Things.Ingress(), .. Enumerable.Range(1, 3).Select(i => Things.Node($"n{i}"))]);
        ServiceSpec large = Things.Spec("large", 20);
        large = large with { Task = large.Task with { Container = large.Task.Container! with { Env = [$"DATA={new string('x', 500_000)}"] } } };
        await leader.CreateAsync([Things.Service("large") with { Spec = large }, Things.Service("small", 3)]);

        await leader.UntilAsync(v => v.Tasks.Count(t => t.Status.State == TaskState.Assigned) == 23);
    }

    private sealed class RunningLeader : IAsyncDisposable
    {
        private readonly OneReplica _log = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public RunningLeader()
        {
            Store = new ClusterStore(_log, new ProtoStoreCodec(), TimeProvider.System, new StoreOptions());
            _log.Store = Store;
            _running = Task.WhenAll(LeaderLoops.All(Store, TimeProvider.System, IdSource.Secure, new Random(1), NullLoggerFactory.Instance).Select(l => Task.Run(() => l.RunAsync(_stop.Token))));
        }

        public ClusterStore Store { get; }

        public async Task CreateAsync(IStoredObject[] objects)
            => Assert.IsType<CommitOutcome.Committed>(await Store.CommitAsync([.. objects.Select(o => new StoreChange.Create(o))], CancellationToken.None));

        public async Task UntilAsync(Func<StoreView, bool> condition)
        {
            using var limit = new CancellationTokenSource(Limit);
            using StoreWatch watch = Store.Watch();
            try
            {
                await foreach (StoreBatch batch in watch.WithCancellation(limit.Token))
                {
                    if (condition(batch.View))
                    {
                        return;
                    }

                    Assert.False(_running.IsFaulted, _running.Exception?.ToString());
                }
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"not within {Limit}: {string.Join(", ", Store.View().Tasks.CountBy(t => t.Status.State))}");
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
            _stop.Dispose();
        }
    }

    /// <summary>Applies what it is given at once, one entry at a time.</summary>
    private sealed class OneReplica : IReplicatedLog
    {
        private readonly Lock _gate = new();
        private ulong _last;

        public ClusterStore? Store { get; set; }

        public ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct)
        {
            lock (_gate)
            {
                _last++;
                return ValueTask.FromResult(new LogResult(_last, Store!.Apply(_last, entry)));
            }
        }

        public ValueTask<ulong> ReadIndexAsync(CancellationToken ct) => ValueTask.FromResult(_last);
    }
}
