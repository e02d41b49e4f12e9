
namespace Skep.Manager.Dispatch;

/// <summary>What one session has sent so far; turns the next set into the step from it.</summary>
internal sealed class AssignmentStream
{
    private Dictionary<AssignmentKey, AssignmentItem> _sent = [];
    private ulong _sequence;
    private bool _complete = true;

    /// <summary>The next step is to be the whole set again.</summary>
    public void StartOver() => _complete = true;

    /// <summary>The step to <paramref name="wanted"/>, or null when there is none to make.</summary>
    public AssignmentChange? Next(Dictionary<AssignmentKey, AssignmentItem> wanted)
    {
        AssignmentItem[] puts = _complete
            ? [.. wanted.Values]
            : [.. wanted.Where(p => !_sent.TryGetValue(p.Key, out AssignmentItem? sent) || !(ReferenceEquals(sent, p.Value) || sent == p.Value)).Select(p => p.Value)];
        AssignmentKey[] removes = _complete ? [] : [.. _sent.Keys.Where(k => !wanted.ContainsKey(k))];
        if (!_complete && puts.Length == 0 && removes.Length == 0)
        {
            return null;
        }

        Array.Sort(puts, (a, b) => a.Key.CompareTo(b.Key));
        Array.Sort(removes);
        var change = new AssignmentChange(_complete, ++_sequence, puts.ToValueList(), removes.ToValueList());
        _sent = wanted;
        _complete = false;
        return change;
    }
}
