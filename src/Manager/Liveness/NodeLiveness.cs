using System.Collections.Concurrent;
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

    private readonly Wakeup _news = new();

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
            _news.Wake();
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        Begin();
        await foreach (bool _ in _news.TurnsAsync(Period, time, ct).ConfigureAwait(false))
        {
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
        Node[] changed = [.. view.Nodes.Select(n => Judge(n, now)).OfType<Node>()];
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

    private Node? Judge(Node node, DateTimeOffset now)
    {
        Sign? sign = SignOf(node);
        TimeSpan limit = sign?.At < _limitSince && _limitBefore > _limit ? _limitBefore : _limit;
        SignOfLife? life = sign is { } last ? new SignOfLife(time.GetElapsedTime(last.At), last.IsHeard) : null;
        return NodeJudge.Judge(node, life, limit, now) is { } status ? node with { Status = status } : null;
    }

    /// <summary>One that was stored since this leader began has the grace of a first session too.</summary>
    private Sign? SignOf(Node node)
        => _signs.TryGetValue(node.Id, out Sign sign) ? sign : node.IsDown ? null : _signs.GetOrAdd(node.Id, new Sign(time.GetTimestamp(), IsHeard: false));

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
