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
    private readonly RaftNodeOptions _options;
    private readonly IStateMachine _stateMachine;
    private readonly IRaftTransport _transport;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly WriteAheadLog _wal;
    private readonly SnapshotStore _snapshots;
    private readonly RaftCore _core;
    private readonly RecentProposals _recent;
    private readonly uint _boot;

    /// <summary>Full means the loop is far behind: dropping is what a network does, and Raft repeats itself.</summary>
    private readonly Channel<Message> _inbox;

    /// <summary>Everything else that must happen in the loop. Full means wait: these are few and must not be lost.</summary>
    private readonly Channel<Action> _errands = Channel.CreateBounded<Action>(new BoundedChannelOptions(1024) { SingleReader = true });


    // Not a SemaphoreSlim: that yields the processor some hundred times before it sleeps, and this loop is woken for every message.
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stopped;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>RunAsync is over with everything it registered.</summary>
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _wakePending;
    private int _ticksDue;
    private int _running;
    private bool _disposed;
    private Exception? _failure;
    private RaftStatus _status;
    private ImmutableArray<Channel<RaftStatus>> _watchers = [];

    private RaftNode(
        RaftNodeOptions options, IStateMachine stateMachine, IRaftTransport transport, TimeProvider time, Random random, ILogger log, RaftDisk disk)
    {
        _options = options;
        _knownPeers = new Membership(options.KnownPeers);
        _policy = new SnapshotPolicy(options.SnapshotEntries, options.KeepEntries, OldSnapshots: 1);
        _stateMachine = stateMachine;
        _transport = transport;
        _time = time;
        _log = log;
        _stopped = _stopping.Token;
        _wal = disk.Log;
        _snapshots = disk.Snapshots;
        _recent = disk.Recent;
        _snapshotMeta = disk.Meta;
        _appliedIndex = disk.Meta.Index;
        _appliedTerm = disk.Meta.Term;
        _membership = disk.Meta.Membership;
        _boot = (uint)random.NextInt64(1L << 32);
        RaftCoreOptions coreOptions = new() { Id = options.Id, ElectionTicks = options.ElectionTicks, HeartbeatTicks = options.HeartbeatTicks };
        _core = new RaftCore(coreOptions, random, disk.HardState, disk.Meta, disk.Entries, disk.Meta.Index);
        _inbox = Channel.CreateBounded<Message>(new BoundedChannelOptions(options.InboxCapacity) { SingleReader = true });
        _proposals = Channel.CreateBounded<PendingProposal>(new BoundedChannelOptions(options.MaxProposalsInFlight) { SingleReader = true });
        _reads = Channel.CreateBounded<PendingRead>(new BoundedChannelOptions(options.MaxProposalsInFlight) { SingleReader = true });
        _status = _core.Status;
        transport.MembershipChanged(_membership);
    }

    /// <summary>Role, term, leader, progress: an immutable picture, free to read from any thread.</summary>
    public RaftStatus Status => Volatile.Read(ref _status);

    /// <summary>Callers never run inside the loop, except where a test drives it and wants the answer at once.</summary>
    private TaskCreationOptions Continuations => _options.InlineBackground ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>True if this node leads, as far as it knows.</summary>
    public bool IsLeader => Status.Role == RaftRole.Leader;

    /// <summary>Runs the node until cancelled. Throws what stopped it if that was anything else.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("the node runs already, or did");
        }

        try
        {
            using CancellationTokenRegistration registration = ct.Register(() => _stopping.Cancel());
            using CancellationTokenRegistration waker = _stopped.Register(Wake);
            // A thread of its own: the loop blocks in fdatasync, which must not starve the pool.
            Thread thread = new(RunLoop) { Name = $"raft-{_options.Id:x}", IsBackground = true };
            thread.Start();
            await _ended.Task;
        }
        finally
        {
            _left.TrySetResult();
        }
    }

    /// <summary>A message of a peer. Dropped if the loop is far behind.</summary>
    public void Receive(Message message)
    {
        if (_inbox.Writer.TryWrite(message))
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
        if (_errands.Writer.TryWrite(() => _core.ReportUnreachable(id)))
        {
            Wake();
        }
    }

    /// <summary>The present status, then another whenever role, leader or term change; a slow reader sees only the newest.</summary>
    public async IAsyncEnumerable<RaftStatus> WatchLeadership([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        Channel<RaftStatus> changes = Channel.CreateBounded<RaftStatus>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        ImmutableInterlocked.Update(ref _watchers, w => w.Add(changes));
        try
        {
            if (_stopped.IsCancellationRequested)
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
            ImmutableInterlocked.Update(ref _watchers, w => w.Remove(changes));
        }
    }

    /// <summary>Stops the loop and closes the files. Requests that wait fail with <see cref="RaftUnavailableException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stopping.CancelAsync();
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            await _left.Task; // what ended the run is RunAsync's to tell
        }

        FailEverything(Stopped());
        await Task.WhenAll([.. _background.Keys]).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _wal.Dispose();
        _snapshots.Dispose();
        _stopping.Dispose();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _wakePending, 1) == 0)
        {
            _wake.Set();
        }
    }

    private async ValueTask ErrandAsync(Action errand, CancellationToken ct)
    {
        await EnqueueAsync(_errands, errand, ct);
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
        using CancellationTokenRegistration ended = _stopped.UnsafeRegister(_ => request.TrySetException(Stopped()), null);
        return await request.Task;
    }

    private void ThrowIfStopped()
    {
        if (_stopped.IsCancellationRequested)
        {
            throw Stopped();
        }
    }

    private RaftUnavailableException Stopped() => _failure is { } reason
        ? new RaftUnavailableException($"the node has stopped: {reason.Message}", reason)
        : new RaftUnavailableException("the node has stopped");
}
