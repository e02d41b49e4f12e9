using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Skep.Manager.Leadership;

namespace Skep.Manager.Liveness;

/// <summary>The leader's judgement of which nodes live: Down after three silent heartbeat periods, Ready when heard again.</summary>
/// <remarks>A new leader gives every node a full term of grace, since what the old one heard is not known to it.</remarks>
public sealed class NodeLiveness(ClusterStore store, TimeProvider time, ILogger<NodeLiveness> logger) : ILeaderLoop
{
    private const int SilentPeriods = 3;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<NodeId, long> _lastSeen = new();

    // A node goes on beating at the old pace until it has heard of a new one.
    private TimeSpan _limit, _limitBefore;
    private long _limitSince;

    public string Name => nameof(NodeLiveness);

    /// <summary>Word from a manager: the node gave a sign of life this long ago.</summary>
    public void Seen(NodeId node, TimeSpan age)
    {
        long at = time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency);
        _lastSeen.AddOrUpdate(node, at, (_, known) => Math.Max(known, at));
    }

    public async Task RunAsync(CancellationToken ct)
    {
        long start = time.GetTimestamp();
        foreach (Node node in store.View().Nodes)
        {
            _lastSeen[node.Id] = start;
        }

        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
        {
            StoreView view = store.View();
            TimeSpan limit = SilentPeriods * (view.Cluster?.Spec.HeartbeatPeriod ?? ClusterSpec.Default.HeartbeatPeriod);
            if (limit != _limit)
            {
                (_limitBefore, _limit, _limitSince) = (_limit, limit, time.GetTimestamp());
            }

            StoreChange[] changes = [.. view.Nodes.Select(Judge).OfType<StoreChange>()];
            // A conflict means that someone else changed one of the nodes: the next round looks again.
            CommitOutcome outcome = await store.CommitAsync(changes, ct).ConfigureAwait(false);
            if (outcome.IsCommitted)
            {
                foreach (Node changed in changes.OfType<StoreChange.Update>().Select(c => (Node)c.Object))
                {
                    logger.NodeStateChanged(changed.Id, changed.Status.State, changed.Status.Message);
                }
            }
        }
    }

    private StoreChange.Update? Judge(Node node)
    {
        if (!_lastSeen.TryGetValue(node.Id, out long last))
        {
            // Stored since this leader began: it has the grace of a first session too.
            _lastSeen.TryAdd(node.Id, time.GetTimestamp());
            return null;
        }

        TimeSpan silence = time.GetElapsedTime(last);
        TimeSpan limit = last < _limitSince && _limitBefore > _limit ? _limitBefore : _limit;
        (NodeState state, string message) = silence > limit
            ? (NodeState.Down, $"heartbeat failure: not heard for {silence.TotalSeconds:0.0} s")
            : node.IsDown ? (NodeState.Ready, "") : (node.Status.State, node.Status.Message);
        return state == node.Status.State || (state == NodeState.Down && node.Description is null)
            ? null
            : new StoreChange.Update(node with { Status = node.Status with { State = state, Message = message, Since = time.GetUtcNow() } });
    }
}
