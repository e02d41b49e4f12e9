using Microsoft.Extensions.Logging;
using Skep.Engine.Networks;
using Proto = Skep.Rpc.V1;

namespace Skep.Worker.Agent;

/// <summary>The places that users' containers of this node have in cluster networks: asked of managers, and kept in step with the containers there are.</summary>
/// <remarks>
/// The managers' list of them comes with the assignments. What is in it and belongs to no container is given back, what a container holds and is not in it is asked
/// for again: so nothing is stale after this program was killed, and a node that was given up finds its containers' places again.
/// </remarks>
internal sealed class ClusterAttachments(TimeProvider time, ILogger logger) : INetworkAttachments
{
    /// <summary>Docker's own limit. Source: moby/moby:daemon/cluster/networks.go, AttachNetwork.</summary>
    private static readonly TimeSpan AttachWithin = TimeSpan.FromSeconds(20);

    /// <summary>A container's end waits so long for the managers to take its place back; later the list shows what is left.</summary>
    private static readonly TimeSpan ReleaseWithin = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Container, NetworkId Network), AttachmentRecord> _held = [];
    private readonly HashSet<string> _asking = new(StringComparer.Ordinal);
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile AttachmentClient? _uplink;
    private volatile bool _isAlone;

    /// <summary>The node's way to its managers from now on; null: it has none now.</summary>
    /// <param name="isAlone">It is in no cluster; else one may be found presently.</param>
    public void Connect(AttachmentClient? uplink, bool isAlone)
    {
        _isAlone = isAlone;
        _uplink = uplink;
        NotifyChanged();
    }

    /// <summary>The managers told something new.</summary>
    public void NotifyChanged()
    {
        TaskCompletionSource news;
        lock (_gate)
        {
            (news, _news) = (_news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        news.TrySetResult();
    }

    public void Adopt(AttachmentRecord hold)
    {
        lock (_gate)
        {
            _held[(hold.Container, hold.Network)] = hold;
        }
    }

    public async Task<AttachedNetwork> AttachAsync(string container, string name, string network, ValueList<string> aliases, Ipv4Address? address, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(AttachWithin, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, ct);
        lock (_gate)
        {
            _asking.Add(container);
        }

        try
        {
            while (true)
            {
                Task news = Changed();
                if (_isAlone)
                {
                    break;
                }

                if (_uplink is { } uplink && await AskAsync(uplink, container, name, network, aliases, address, limit.Token) is { } answer)
                {
                    if (uplink.View() is var view && view.Attachments.TryGetValue(new TaskId(answer.TaskId), out SwarmTask? task) && task.Networks is [{ Address: { } given } place]
                        && view.Networks.TryGetValue(place.Network, out Network? found) && found.Allocation is { } allocation)
                    {
                        Adopt(new AttachmentRecord(container, name, place.Network, aliases, given));
                        return new AttachedNetwork(place.Network, found.Name, given, place.PrefixLength, allocation.Gateway, found.Spec.Internal);
                    }

                    if (answer.Trouble.Length > 0)
                    {
                        throw new ClusterException(ErrorKind.PermissionDenied, answer.Trouble);
                    }
                }

                await ChangedOrAfterAsync(news, AskAgain, limit.Token);
            }

            throw new ClusterException(ErrorKind.NotFound, $"network {network} not found");
        }
        catch (ClusterException e) when (!_isAlone)
        {
            string code = e.Kind is ErrorKind.PermissionDenied or ErrorKind.NotFound or ErrorKind.InvalidArgument ? $"rpc error: code = {e.Kind} desc = " : "";
            throw new ClusterException(e.Kind, $"Could not attach to network {network}: {code}{e.Message}", e);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw _uplink is null
                ? new ClusterException(ErrorKind.NotFound, $"network {network} not found")
                : new ClusterException(ErrorKind.Unavailable, $"Could not attach to network {network}: attaching to network failed, make sure your network options are correct and check manager logs: context deadline exceeded");
        }
        finally
        {
            lock (_gate)
            {
                _asking.Remove(container);
            }
        }
    }

    public async Task ReleaseAsync(string container, NetworkId? network, CancellationToken ct)
    {
        lock (_gate)
        {
            foreach ((string Container, NetworkId Network) key in _held.Keys.Where(k => k.Container == container && (network is null || k.Network == network)).ToArray())
            {
                _held.Remove(key);
            }
        }

        if (_uplink is not { } uplink)
        {
            return;
        }

        TaskId[] places = [.. uplink.View().Attachments.Values.Where(t => t.Attachment!.Container == container && (network is null || t.Networks.Any(n => n.Network == network))).Select(t => t.Id)];
        if (places.Length == 0)
        {
            return;
        }

        using var timer = new CancellationTokenSource(ReleaseWithin, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, ct);
        try
        {
            await DetachAsync(uplink, places, limit.Token);
        }
        catch (Exception e) when (e is ClusterException or OperationCanceledException)
        {
            ct.ThrowIfCancellationRequested();
            WorkerLog.AttachmentsOutOfSync(logger, e.Message);
            NotifyChanged();
        }
    }

    /// <summary>Keeps the managers' list and the containers in step, for as long as the node is a member.</summary>
    public async Task RunAsync(Task heardManager, CancellationToken ct)
    {
        await heardManager.WaitAsync(ct);
        TimeSpan pause = FirstPause;
        while (true)
        {
            Task news = Changed();
            bool isInStep = true;
            if (_uplink is { } uplink)
            {
                try
                {
                    await ReconcileAsync(uplink, ct);
                    pause = FirstPause;
                }
                catch (ClusterException e)
                {
                    WorkerLog.AttachmentsOutOfSync(logger, e.Message);
                    isInStep = false;
                }
            }

            if (isInStep)
            {
                await news.WaitAsync(ct);
                continue;
            }

            await Task.Delay(pause, time, ct);
            pause = Backoff.Next(pause, LongestPause);
        }
    }

    /// <summary>What differs between the list and the containers. Pure.</summary>
    internal static (IReadOnlyList<TaskId> Extra, IReadOnlyList<AttachmentRecord> Missing) Compare(
        IEnumerable<SwarmTask> listed, IReadOnlyCollection<AttachmentRecord> held, IReadOnlySet<string> asking)
    {
        var extra = new List<TaskId>();
        var present = new HashSet<(string, NetworkId)>();
        var wanted = held.Select(h => (h.Container, h.Network)).ToHashSet();
        foreach (SwarmTask task in listed)
        {
            foreach (NetworkAttachment place in task.Networks)
            {
                present.Add((task.Attachment!.Container, place.Network));
            }

            if (!asking.Contains(task.Attachment!.Container) && !task.Networks.Any(n => wanted.Contains((task.Attachment.Container, n.Network))))
            {
                extra.Add(task.Id);
            }
        }

        return (extra, [.. held.Where(h => !present.Contains((h.Container, h.Network)) && !asking.Contains(h.Container))]);
    }

    private async Task ReconcileAsync(AttachmentClient uplink, CancellationToken ct)
    {
        IReadOnlyList<TaskId> extra;
        IReadOnlyList<AttachmentRecord> missing;
        lock (_gate)
        {
            (extra, missing) = Compare(uplink.View().Attachments.Values, _held.Values, _asking);
        }

        if (extra.Count > 0)
        {
            await DetachAsync(uplink, extra, ct);
        }

        foreach (AttachmentRecord hold in missing)
        {
            await uplink.Managers.CallAsync((client, limit) => client.AttachAsync(Request(hold.Container, hold.Name, hold.Network.Value, hold.Aliases, hold.Address), cancellationToken: limit), ct);
        }
    }

    private static Task DetachAsync(AttachmentClient uplink, IEnumerable<TaskId> places, CancellationToken ct)
    {
        var request = new Proto.DetachRequest();
        request.TaskIds.Add(places.Select(p => p.Value));
        return uplink.Managers.CallAsync((client, limit) => client.DetachAsync(request, cancellationToken: limit), ct);
    }

    /// <returns>Null: no manager can say now.</returns>
    private static async Task<Proto.AttachResponse?> AskAsync(
        AttachmentClient uplink, string container, string name, string network, ValueList<string> aliases, Ipv4Address? address, CancellationToken ct)
    {
        try
        {
            return await uplink.Managers.CallAsync((client, limit) => client.AttachAsync(Request(container, name, network, aliases, address), cancellationToken: limit), ct);
        }
        catch (ClusterException e) when (e.Kind is ErrorKind.Unavailable or ErrorKind.Internal)
        {
            return null;
        }
    }

    private static Proto.AttachRequest Request(string container, string name, string network, ValueList<string> aliases, Ipv4Address? address)
    {
        var request = new Proto.AttachRequest { ContainerId = container, ContainerName = name, Network = network };
        request.Aliases.Add(aliases);
        if (address is { } wanted)
        {
            request.Address = wanted.Value;
        }

        return request;
    }

    private Task Changed()
    {
        lock (_gate)
        {
            return _news.Task;
        }
    }

    private async Task ChangedOrAfterAsync(Task news, TimeSpan longest, CancellationToken ct)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(news, Task.Delay(longest, time, timer.Token));
        await timer.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }
}

/// <summary>A member's way to its managers, and what they told.</summary>
internal sealed record AttachmentClient(ManagerCalls Managers, Func<AssignmentView> View);
