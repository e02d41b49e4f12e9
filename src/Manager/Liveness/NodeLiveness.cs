using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Skep.Manager.Leadership;

namespace Skep.Manager.Liveness;

/// <summary>The leader keeps when each node was heard, and stores what <see cref="NodeJudge"/> makes of it: Down after three silent heartbeat periods, Ready when heard.</summary>
/// <remarks>A new leader gives every node that is not Down a full term of grace, since what the old one heard is not known to it.</remarks>
public sealed class NodeLiveness(ClusterStore store, TimeProvider time, ILogger<NodeLiveness> logger) : ILeaderLoop
{
    private const int SilentPeriods = 3;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<NodeId, Sign> _signs = new();

    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // A node goes on beating at the old pace until it has heard of a new one.
    private TimeSpan _limit, _limitBefore;
    private long _limitSince;

    public string Name => nameof(NodeLiveness);

    /// <summary>Word from a manager: the node gave a sign of life this long ago.</summary>
    public void Seen(NodeId node, TimeSpan age)
    {
        long at = time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency);
        _signs.AddOrUpdate(node, new Sign(at, IsHeard: true), (_, known) => new Sign(Math.Max(known.At, at), IsHeard: true));
        if (store.View().Nodes.Find(node) is { Description: not null, Status.State: not NodeState.Ready })
        {
            _news.Writer.TryWrite(true);
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        Begin();
        using var timer = new PeriodicTimer(Period, time);
        Task tick = timer.WaitForNextTickAsync(ct).AsTask(), news = _news.Reader.ReadAsync(ct).AsTask();
        while (true)
        {
            await (await Task.WhenAny(tick, news).ConfigureAwait(false)).ConfigureAwait(false);
            (tick, news) = (tick.IsCompleted ? timer.WaitForNextTickAsync(ct).AsTask() : tick, news.IsCompleted ? _news.Reader.ReadAsync(ct).AsTask() : news);
            await JudgeAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>Leadership begins here.</summary>
    internal void Begin()
    {
        long start = time.GetTimestamp();
        foreach (Node node in store.View().Nodes)
        {
            // A node that is Down stays so until it is heard: what this leader does not know is no sign of life.
            if (node.IsDown)
            {
                _signs.TryRemove(node.Id, out _);
            }
            else
            {
                _signs[node.Id] = new Sign(start, IsHeard: false);
            }
        }
    }

    internal async Task JudgeAsync(CancellationToken ct)
    {
        StoreView view = store.View();
        TimeSpan limit = SilentPeriods * (view.Cluster?.Spec.HeartbeatPeriod ?? ClusterSpec.Default.HeartbeatPeriod);
        if (limit != _limit)
        {
            (_limitBefore, _limit, _limitSince) = (_limit, limit, time.GetTimestamp());
        }

        Forget(view);
        DateTimeOffset now = time.GetUtcNow();
        Node[] changed = [.. view.Nodes.Select(n => NodeJudge.Judge(n, SignOf(n), LimitFor(n.Id), now) is { } status ? n with { Status = status } : null).OfType<Node>()];
        // A conflict means that someone else changed the node: the next round looks again. One node's trouble is no other node's.
        IReadOnlyList<CommitOutcome> outcomes = await store.CommitEachAsync([.. changed.Select(static n => new StoreChange[] { new StoreChange.Update(n) })], ct).ConfigureAwait(false);
        for (int i = 0; i < changed.Length; i++)
        {
            if (outcomes[i].IsCommitted)
            {
                logger.NodeStateChanged(changed[i].Id, changed[i].Status.State, changed[i].Status.Message);
            }
            else if (outcomes[i] is CommitOutcome.Refused refused)
            {
                logger.ChangeRefused(Name, $"{ObjectRef.Of(changed[i])}", refused.Reason);
            }
        }
    }

    private SignOfLife? SignOf(Node node)
    {
        if (!_signs.TryGetValue(node.Id, out Sign sign))
        {
            if (node.IsDown)
            {
                return null;
            }

            // Stored since this leader began: it has the grace of a first session too.
            sign = _signs.GetOrAdd(node.Id, new Sign(time.GetTimestamp(), IsHeard: false));
        }

        return new SignOfLife(time.GetElapsedTime(sign.At), sign.IsHeard);
    }

    private TimeSpan LimitFor(NodeId node) => _signs.TryGetValue(node, out Sign sign) && sign.At < _limitSince && _limitBefore > _limit ? _limitBefore : _limit;

    /// <summary>What left the cluster is not kept.</summary>
    private void Forget(StoreView view)
    {
        foreach (NodeId node in _signs.Keys.Where(n => view.Nodes.Find(n) is null))
        {
            _signs.TryRemove(node, out _);
        }
    }

    private readonly record struct Sign(long At, bool IsHeard);
}
