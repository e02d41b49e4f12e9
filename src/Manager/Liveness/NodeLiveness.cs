using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Skep.Manager.Leadership;

namespace Skep.Manager.Liveness;

/// <summary>The leader's judgement of which nodes live: Down after three silent heartbeat periods, Ready when heard again.</summary>
/// <remarks>A new leader gives every node that is not Down a full term of grace, since what the old one heard is not known to it.</remarks>
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
        Begin();
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
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
                _lastSeen.TryRemove(node.Id, out _);
            }
            else
            {
                _lastSeen[node.Id] = start;
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

        Node[] changed = [.. view.Nodes.Select(Judge).OfType<Node>()];
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

    private Node? Judge(Node node)
    {
        if (!_lastSeen.TryGetValue(node.Id, out long last))
        {
            if (!node.IsDown)
            {
                _lastSeen.TryAdd(node.Id, time.GetTimestamp()); // Stored since this leader began: it has the grace of a first session too.
            }

            return null;
        }

        TimeSpan silence = time.GetElapsedTime(last);
        TimeSpan limit = last < _limitSince && _limitBefore > _limit ? _limitBefore : _limit;
        (NodeState state, string message) = silence > limit
            ? (NodeState.Down, $"heartbeat failure: not heard for {silence.TotalSeconds:0.0} s")
            : node.IsDown ? (NodeState.Ready, "") : (node.Status.State, node.Status.Message);
        return state == node.Status.State || (state == NodeState.Down && node.Description is null)
            ? null
            : node with { Status = node.Status with { State = state, Message = message, Since = time.GetUtcNow() } };
    }
}
