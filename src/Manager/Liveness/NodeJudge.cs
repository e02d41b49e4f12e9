namespace Skep.Manager.Liveness;

/// <summary>Decides what a node's state is, from when it was last heard. Nothing else changes <see cref="NodeStatus.State"/> of a running cluster, or two would contradict each other.</summary>
public static class NodeJudge
{
    /// <param name="sign">Null: this leader knows of nothing, not even that it should have heard it. Such a node stays what it is.</param>
    /// <param name="limit">Of silence, after which a node is Down.</param>
    /// <returns>Null: as it is.</returns>
    public static NodeStatus? Judge(Node node, SignOfLife? sign, TimeSpan limit, DateTimeOffset now)
    {
        if (sign is not { } last || node.Description is null)
        {
            return null; // One that has not described itself yet cannot be asked for anything, whatever its state.
        }

        NodeState state = last.Age > limit ? NodeState.Down : last.IsHeard ? NodeState.Ready : node.Status.State;
        return state == node.Status.State
            ? null
            : node.Status with { State = state, Message = state == NodeState.Down ? $"heartbeat failure: not heard for {last.Age.TotalSeconds:0.0} s" : "", Since = now };
    }
}

/// <param name="Age">Since the node was heard, or since it should have been.</param>
/// <param name="IsHeard">False: it has only been given time to speak.</param>
public readonly record struct SignOfLife(TimeSpan Age, bool IsHeard);
