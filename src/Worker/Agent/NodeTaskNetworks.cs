using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Skep.Overlay;
using Skep.Worker.Local;
using Skep.Worker.Tasks;

namespace Skep.Worker.Agent;

/// <summary>Keeps the Overlay room's picture up to date, and gives tasks their place in it.</summary>
/// <remarks>There is one for the life of an agent; either the membership's run or the run without a cluster drives it, one at a time.</remarks>
internal sealed class NodeTaskNetworks(NodeNetwork network, string hostname, AddressLeases addresses, Ipv4Address gateway, WorkerOptions options, TimeProvider time, ILogger logger) : ITaskNetworks
{
    private static readonly TimeSpan ManagerSpeaksWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PictureWithin = TimeSpan.FromSeconds(15);

    /// <summary>After a picture that could not be applied. A new picture is tried at once: one task's trouble must not hold up the others.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<TaskId, TaskSandbox> _joined = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _wantedVersion = 1;
    private long _appliedVersion;
    private ApplyReport? _report;
    private volatile NetworkMember? _member;

    /// <summary>What the node has of its own, whether or not it is in a cluster.</summary>
    public Func<LocalDesiredNetwork> Locals { get; set; } = () => LocalDesiredNetwork.Empty;

    /// <summary>Places in networks that the node makes of its own devices, and what to do when a task leaves them.</summary>
    public (Func<Network, TaskId, DirectAttachment> Take, Action<TaskId> Release) Directs { get; set; }
        = ((of, _) => throw ClusterException.Invalid($"network {of.Name} is not supported by this node"), _ => { }
    );

    public NodeNetwork Network => network;

    public AddressLeases Addresses => addresses;

    /// <summary>What managers told; empty outside a cluster.</summary>
    public AssignmentView View => _member?.View() ?? AssignmentView.Empty;

    /// <summary>The node's place in a cluster from now on; null: it has none.</summary>
    public void SetMembership(NetworkMember? member)
    {
        _member = member;
        _joined.Clear();
    }

    /// <summary>A task that an earlier agent gave its namespace: it must be in the first picture, or it would lose it.</summary>
    public void Adopt(SwarmTask task)
    {
        try
        {
            Join(task, View);
        }
        catch (ClusterException e)
        {
            LogFailure(e.Message); // settings it was made from are gone: what is plugged in stays
            _joined[task.Id] = DesiredNetworkBuilder.Sandbox(task, View, addresses.Take, (_, _) => null);
        }
    }

    /// <summary>Notes that the network is not as it should be.</summary>
    public void LogFailure(string trouble) => WorkerLog.NetworkNotApplied(logger, trouble);

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
        if (!_joined.IsEmpty || Locals().NeedsManager)
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
                    WorkerLog.NetworkNotApplied(logger, e.Message);
                    again = pause;
                    pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
                }
            }

            await ChangedOrAfterAsync(wanted, again, ct);
        }
    }

    public async Task<JoinedNetwork> JoinAsync(SwarmTask task, CancellationToken ct)
    {
        AssignmentView now = View;
        string[] drivers = [.. task.Networks.Select(a => NetworkDrivers.Of(now.Networks.GetValueOrDefault(a.Network), a.Network))];
        if (drivers.Contains("host"))
        {
            return new JoinedNetwork(null, null, Endpoints(task, now, null), []);
        }

        if (drivers.Length > 0 && drivers.All(d => d == "null"))
        {
            return new JoinedNetwork("", null, Endpoints(task, now, null), []);
        }

        if (drivers.FirstOrDefault(d => d is not ("overlay" or "null" or "bridge" or "macvlan")) is { } other)
        {
            throw ClusterException.Invalid($"network driver {other} is not supported by this node");
        }

        TaskSandbox sandbox = Join(task, now);
        await AppliedAsync(Changed(), ct);
        foreach (NetworkAttachment attachment in task.Networks)
        {
            if (ReasonAgainst(attachment.Network) is { } reason)
            {
                throw ClusterException.Invalid($"network {now.Networks.GetValueOrDefault(attachment.Network)?.Name ?? attachment.Network.Value}: {reason}");
            }
        }

        string path = await network.CreateSandboxAsync(task.Id, ct);
        return new JoinedNetwork(path, sandbox.Overlays.IsEmpty ? null : sandbox.Dns.ToResolvConf(), Endpoints(task, now, sandbox), DesiredNetworkBuilder.HostPorts(task).ToValueList());
    }

    /// <summary>Why a network is left out on this node; null when it is not.</summary>
    public string? ReasonAgainst(NetworkId id) => _report?.Refused.TryGetValue(id, out string? reason) == true ? reason : null;

    public async Task DrainAsync(SwarmTask task, int pid, CancellationToken ct)
    {
        AssignmentView now = View;
        NetworkAttachment[] reachable = [.. task.Networks.Where(a => a.Address is not null)];
        if (reachable.Length == 0)
        {
            return;
        }

        try
        {
            // This node's own maps first, however long that takes; then the others, who show by what still comes from them.
            await AppliedAsync(Changed(), ct);
        }
        catch (ClusterException e)
        {
            WorkerLog.NetworkNotApplied(logger, e.Message); // A task must be stoppable on a node whose network is broken.
        }

        await TcpActivity.WaitUntilQuietAsync(() => TcpActivity.Of(pid), options.DrainDelay, options.DrainLimit, time, ct);
        foreach (NetworkAttachment attachment in reachable)
        {
            bool isIngress = now.Networks.GetValueOrDefault(attachment.Network)?.Spec.Ingress == true;
            await network.DeleteFlowsAsync(isIngress ? null : attachment.Network, attachment.Address!.Value, ct);
        }
    }

    public async Task LeaveAsync(SwarmTask task, CancellationToken ct)
    {
        if (_joined.TryRemove(task.Id, out _))
        {
            await network.RemoveSandboxAsync(task.Id, ct);
            Changed();
        }

        addresses.Release(task.Id);
        Directs.Release(task.Id);
    }

    private DesiredNetwork? Picture()
    {
        DesiredNetwork? picture = _member is { } member
            ? DesiredNetworkBuilder.Build(member.View(), member.Self, hostname, _joined.Select(WithParents), member.ManagerPorts())
            : DesiredNetworkBuilder.Standalone(hostname, gateway);
        return picture is null ? null : Locals().AddTo(picture);
    }

    /// <summary>An interface whose parent device went has gone with it, and must not hold up the rest.</summary>
    private static KeyValuePair<TaskId, TaskSandbox> WithParents(KeyValuePair<TaskId, TaskSandbox> joined)
        => joined.Value.Directs.IsEmpty ? joined
            : new(joined.Key, joined.Value with { Directs = joined.Value.Directs.Where(d => Standalone.HostPrefixes.HasLink(d.Parent)).ToValueList() });

    private TaskSandbox Join(SwarmTask task, AssignmentView now) => _joined.GetOrAdd(task.Id, _ => DesiredNetworkBuilder.Sandbox(task, now, addresses.Take, Directs.Take));

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

    private static ValueList<LocalEndpoint> Endpoints(SwarmTask task, AssignmentView view, TaskSandbox? sandbox)
    {
        var endpoints = new List<LocalEndpoint>();
        foreach (NetworkAttachment attachment in task.Networks)
        {
            Network? found = view.Networks.GetValueOrDefault(attachment.Network);
            DirectAttachment? direct = sandbox?.Directs.FirstOrDefault(d => d.Network == attachment.Network);
            endpoints.Add(new LocalEndpoint(
                attachment.Network, found?.Name ?? attachment.Network.Value, direct?.Address ?? attachment.Address, direct?.Subnet.Length ?? attachment.PrefixLength)
            {
                Gateway = direct?.Gateway ?? found?.Allocation?.Gateway,
                Mac = (direct?.Address ?? attachment.Address) is { } address ? MacAddress.ForTask(address) : null,
                Aliases = attachment.Aliases,
            });
        }

        if (sandbox?.Egress is { } egress && endpoints.All(e => e.Address != egress.Address))
        {
            endpoints.Add(new LocalEndpoint(new NetworkId("bridge"), "bridge", egress.Address, 16));
        }

        return endpoints.ToValueList();
    }
}

/// <summary>The node as a member of a cluster, as far as its network is concerned.</summary>
internal sealed record NetworkMember(NodeId Self, Func<AssignmentView> View, Func<ValueList<int>> ManagerPorts);

/// <summary>What a node's own containers and networks add to the picture.</summary>
internal sealed record LocalDesiredNetwork(ValueMap<TaskId, TaskSandbox> Sandboxes, ValueMap<NetworkId, OverlayNetwork> Networks, ValueMap<NetworkId, DnsZone> Dns)
{
    public static LocalDesiredNetwork Empty { get; } = new(ValueMap<TaskId, TaskSandbox>.Empty, ValueMap<NetworkId, OverlayNetwork>.Empty, ValueMap<NetworkId, DnsZone>.Empty);

    /// <summary>Some of them is in a network that only managers can tell of.</summary>
    public bool NeedsManager => Sandboxes.Values.Any(s => s.Overlays.Any(o => !Networks.ContainsKey(o.Network)));

    public DesiredNetwork AddTo(DesiredNetwork picture) => this == Empty ? picture : picture with
    {
        Sandboxes = picture.Sandboxes.SetItems(Sandboxes),
        Networks = picture.Networks.SetItems(Networks),
        Dns = picture.Dns.SetItems(Dns),
    };
}
