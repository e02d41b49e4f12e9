using Microsoft.Extensions.Logging;
using Skep.Overlay;

namespace Skep.Engine.Networks;

/// <summary>Keeps the Overlay room's picture up to date: what the cluster wants on this node, and what the node has of its own.</summary>
/// <remarks>There is one for the life of an engine; either the membership's run or the run without a cluster drives it, one at a time.</remarks>
internal sealed class NetworkLoop(NodeNetwork network, string hostname, AddressLeases addresses, MacvlanAddressPool directs, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan ManagerSpeaksWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PictureWithin = TimeSpan.FromSeconds(15);

    /// <summary>After a picture that could not be applied. A new picture is tried at once: one task's trouble must not hold up the others.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _wantedVersion = 1;
    private long _appliedVersion;
    private ApplyReport? _report;
    private volatile IClusterNetwork? _cluster;

    /// <summary>The node's place in a cluster; null: it has none.</summary>
    public IClusterNetwork? Cluster
    {
        get => _cluster;
        set => _cluster = value;
    }

    /// <summary>What the node has of its own, whether or not it is in a cluster.</summary>
    public Func<LocalDesiredNetwork> Locals { get; set; } = () => LocalDesiredNetwork.Empty;

    public NodeNetwork Network => network;

    /// <summary>Addresses that only this node knows, for the way out.</summary>
    public AddressLeases Addresses => addresses;

    /// <summary>Places in networks that the node makes of its own devices.</summary>
    public MacvlanAddressPool Directs => directs;

    /// <summary>Notes that the network is not as it should be.</summary>
    public void LogFailure(string trouble) => EngineLog.NetworkNotApplied(logger, trouble);

    /// <summary>Something the picture is made from has changed.</summary>
    public long Changed()
    {
        lock (_gate)
        {
            _wanted.TrySetResult();
            return ++_wantedVersion;
        }
    }

    /// <summary>Applies pictures, the newest one whenever the last is done.</summary>
    /// <param name="heardManager">Completes once a manager has told everything.</param>
    public async Task RunAsync(Task heardManager, CancellationToken ct)
    {
        if (Cluster?.HasAdopted == true || Locals().NeedsManager)
        {
            // The last agent changed the kernel later than its files: a picture made from those would take back what it did last, a new backend for instance. What
            // is there serves the tasks that were taken over, until a manager speaks; names they ask for wait with it, so not for long.
            using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(heardManager, Task.Delay(ManagerSpeaksWithin, time, timer.Token));
            await timer.CancelAsync();
            ct.ThrowIfCancellationRequested();
        }

        TimeSpan pause = FirstPause;
        TimeSpan? again = null;
        while (true)
        {
            long version;
            Task wanted;
            lock (_gate)
            {
                version = _wantedVersion;
                _wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wanted = _wanted.Task;
            }

            if (Picture() is { } picture)
            {
                try
                {
                    ApplyReport report = await network.ApplyAsync(picture, ct);
                    Applied(version, report);
                    (again, pause) = (report.AgainIn, FirstPause);
                }
                catch (ClusterException e)
                {
                    EngineLog.NetworkNotApplied(logger, e.Message);
                    again = pause;
                    pause = Backoff.Next(pause, LongestPause);
                }
            }

            await ChangedOrAfterAsync(wanted, again, ct);
        }
    }

    /// <summary>Why a network is left out on this node; null when it is not.</summary>
    public string? ReasonAgainst(NetworkId id) => _report?.Refused.TryGetValue(id, out string? reason) == true ? reason : null;

    /// <summary>Ports that were to be published on this node, and that a program of the host has.</summary>
    public ValueList<BoundPort> HeldPorts => _report?.HeldPorts ?? [];

    private DesiredNetwork? Picture() => (Cluster is { } cluster ? cluster.Desired() : Standalone()) is { } picture ? Locals().AddTo(picture) : null;

    /// <summary>A node that is in no cluster: its own containers are all there is. The gateway stands for the node's address where none is known.</summary>
    private DesiredNetwork Standalone() => new() { Self = new NodeAddressing(new NodeId(""), addresses.Pool[1], 1, null, hostname), ManagerPorts = [] };

    private async Task ChangedOrAfterAsync(Task wanted, TimeSpan? delay, CancellationToken ct)
    {
        if (delay is not { } longest)
        {
            await wanted.WaitAsync(ct);
            return;
        }

        using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(wanted, Task.Delay(longest, time, timer.Token));
        await timer.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    private void Applied(long version, ApplyReport report)
    {
        TaskCompletionSource applied;
        lock (_gate)
        {
            _appliedVersion = version;
            _report = report;
            applied = _applied;
            _applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        applied.TrySetResult();
    }

    /// <summary>Waits until the kernel is as the picture of that version says.</summary>
    public async Task AppliedAsync(long version, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            Task applied;
            lock (_gate)
            {
                if (_appliedVersion >= version)
                {
                    return;
                }

                applied = _applied.Task;
            }

            TimeSpan left = PictureWithin - time.GetElapsedTime(start);
            try
            {
                await applied.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, ct);
            }
            catch (TimeoutException)
            {
                throw new ClusterException(ErrorKind.Unavailable, "the node's network is not ready: its place in the data plane is not known yet or could not be applied");
            }
        }
    }
}
