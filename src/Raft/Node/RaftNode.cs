using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Skep.Raft;

/// <summary>
/// One member of the group, with disk, clock and peers. A single loop owns everything mutable; the public methods put requests in front of it and may
/// be called from any thread. Use: <see cref="Open"/>, await <see cref="RunAsync"/>, dispose.
/// </summary>
/// <remarks>
/// The loop takes whatever has gathered, writes it with one sync, and only then tells anyone: under load the groups grow by themselves.
/// It stops for good at the first failure of the disk or broken invariant. Source: etcd-io/raft:doc.go, STYLE §5.
/// </remarks>
public sealed partial class RaftNode : IAsyncDisposable
{
    private readonly RaftNodeOptions options;
    private readonly IStateMachine stateMachine;
    private readonly IRaftTransport transport;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly WriteAheadLog wal;
    private readonly SnapshotStore snapshots;
    private readonly RaftCore core;
    private readonly RecentProposals recent;
    private readonly uint boot;

    /// <summary>Full means the loop is far behind: dropping is what a network does, and Raft repeats itself.</summary>
    private readonly Channel<Message> inbox;

    /// <summary>Everything else that must happen in the loop. Full means wait: these are few and must not be lost.</summary>
    private readonly Channel<Action> errands = Channel.CreateBounded<Action>(new BoundedChannelOptions(1024) { SingleReader = true });


    // Not a SemaphoreSlim: that yields the processor some hundred times before it sleeps, and this loop is woken for every message.
    private readonly AutoResetEvent wake = new(initialState: false);
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationToken stopped;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>RunAsync is over with everything it registered.</summary>
    private readonly TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int wakePending;
    private int ticksDue;
    private int running;
    private bool disposed;
    private Exception? failure;
    private RaftStatus status;
    private ImmutableArray<Channel<RaftStatus>> watchers = [];

    private RaftNode(
        RaftNodeOptions options, IStateMachine stateMachine, IRaftTransport transport, TimeProvider time, Random random, ILogger log, RaftDisk disk)
    {
        this.options = options;
        policy = new SnapshotPolicy(options.SnapshotEntries, options.KeepEntries, OldSnapshots: 1);
        this.stateMachine = stateMachine;
        this.transport = transport;
        this.time = time;
        this.log = log;
        stopped = stopping.Token;
        wal = disk.Log;
        snapshots = disk.Snapshots;
        recent = disk.Recent;
        snapshotMeta = disk.Meta;
        appliedIndex = disk.Meta.Index;
        appliedTerm = disk.Meta.Term;
        membership = disk.Meta.Membership;
        boot = (uint)random.NextInt64(1L << 32);
        RaftCoreOptions coreOptions = new() { Id = options.Id, ElectionTicks = options.ElectionTicks, HeartbeatTicks = options.HeartbeatTicks };
        core = new RaftCore(coreOptions, random, disk.HardState, disk.Meta, disk.Entries, disk.Meta.Index);
        inbox = Channel.CreateBounded<Message>(new BoundedChannelOptions(options.InboxCapacity) { SingleReader = true });
        proposals = Channel.CreateBounded<PendingProposal>(new BoundedChannelOptions(options.MaxProposalsInFlight) { SingleReader = true });
        reads = Channel.CreateBounded<PendingRead>(new BoundedChannelOptions(options.MaxProposalsInFlight) { SingleReader = true });
        status = core.Status;
        transport.MembershipChanged(membership);
    }

    /// <summary>Role, term, leader, progress: an immutable picture, free to read from any thread.</summary>
    public RaftStatus Status => Volatile.Read(ref status);

    /// <summary>Callers never run inside the loop, except where a test drives it and wants the answer at once.</summary>
    private TaskCreationOptions Continuations => options.InlineBackground ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>True if this node leads, as far as it knows.</summary>
    public bool IsLeader => Status.Role == RaftRole.Leader;

    /// <summary>Runs the node until cancelled. Throws what stopped it if that was anything else.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        if (Interlocked.Exchange(ref running, 1) != 0)
        {
            throw new InvalidOperationException("the node runs already, or did");
        }

        try
        {
            using CancellationTokenRegistration registration = ct.Register(() => stopping.Cancel());
            using CancellationTokenRegistration waker = stopped.Register(Wake);
            // A thread of its own: the loop blocks in fdatasync, which must not starve the pool.
            Thread thread = new(RunLoop) { Name = $"raft-{options.Id:x}", IsBackground = true };
            thread.Start();
            await ended.Task;
        }
        finally
        {
            left.TrySetResult();
        }
    }

    /// <summary>A message of a peer. Dropped if the loop is far behind.</summary>
    public void Receive(Message message)
    {
        if (inbox.Writer.TryWrite(message))
        {
            Wake();
        }
        else
        {
            RaftMetrics.Dropped.Add(1);
        }
    }

    /// <summary>The transport could not deliver to this peer.</summary>
    public void ReportUnreachable(ulong id)
    {
        // If there is no room the loop is behind; the peer's silence will tell.
        if (errands.Writer.TryWrite(() => core.ReportUnreachable(id)))
        {
            Wake();
        }
    }

    /// <summary>The present status, then another whenever role, leader or term change; a slow reader sees only the newest.</summary>
    public async IAsyncEnumerable<RaftStatus> WatchLeadership([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        Channel<RaftStatus> changes = Channel.CreateBounded<RaftStatus>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        ImmutableInterlocked.Update(ref watchers, w => w.Add(changes));
        try
        {
            if (stopped.IsCancellationRequested)
            {
                yield break;
            }

            changes.Writer.TryWrite(Status);
            await foreach (RaftStatus change in changes.Reader.ReadAllAsync(ct))
            {
                yield return change;
            }
        }
        finally
        {
            ImmutableInterlocked.Update(ref watchers, w => w.Remove(changes));
        }
    }

    /// <summary>Stops the loop and closes the files. Requests that wait fail with <see cref="RaftUnavailableException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        await stopping.CancelAsync();
        if (Interlocked.Exchange(ref running, 1) != 0)
        {
            await left.Task; // what ended the run is RunAsync's to tell
        }

        FailEverything(Stopped());
        await Task.WhenAll([.. background.Keys]).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        wal.Dispose();
        snapshots.Dispose();
        stopping.Dispose();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref wakePending, 1) == 0)
        {
            wake.Set();
        }
    }

    private async ValueTask ErrandAsync(Action errand, CancellationToken ct)
    {
        await EnqueueAsync(errands, errand, ct);
        Wake();
    }

    private async ValueTask EnqueueAsync<T>(Channel<T> queue, T item, CancellationToken ct)
    {
        ThrowIfStopped();
        try
        {
            await queue.Writer.WriteAsync(item, ct);
        }
        catch (ChannelClosedException)
        {
            throw Stopped();
        }
    }

    /// <summary>Ends a request with its caller's cancellation, or with the node.</summary>
    private async Task<T> UntilStoppedAsync<T>(TaskCompletionSource<T> request, CancellationToken ct)
    {
        using CancellationTokenRegistration cancelled = ct.UnsafeRegister(static (r, token) => ((TaskCompletionSource<T>)r!).TrySetCanceled(token), request);
        using CancellationTokenRegistration ended = stopped.UnsafeRegister(_ => request.TrySetException(Stopped()), null);
        return await request.Task;
    }

    private void ThrowIfStopped()
    {
        if (stopped.IsCancellationRequested)
        {
            throw Stopped();
        }
    }

    private RaftUnavailableException Stopped() => failure is { } reason
        ? new RaftUnavailableException($"the node has stopped: {reason.Message}", reason)
        : new RaftUnavailableException("the node has stopped");
}
