namespace Skep.Manager.Orchestration;

/// <summary>Chooses which slots go when a service gets smaller.</summary>
/// <remarks>
/// From the nodes that have most of the service first, so that what stays is spread; within that, slots that do not run before those that do; then the highest.
/// Source: moby/swarmkit:manager/orchestrator/replicated/services.go, slotsByIndex.
/// </remarks>
internal static class SlotPicker
{
    public static IEnumerable<Slot> ToRemove(IEnumerable<Slot> slots, int keep)
    {
        var perNode = new Dictionary<NodeId, int>();
        var ranked = new List<(Slot Slot, int Rank)>();
        foreach (Slot slot in slots.OrderByDescending(IsRunning).ThenBy(s => s.Key))
        {
            // The n-th task of the service on its node has rank n; one without a node goes before all others.
            int rank = int.MaxValue;
            if (slot.Wanted.LastOrDefault()?.Node is { } node)
            {
                rank = perNode[node] = perNode.GetValueOrDefault(node) + 1;
            }

            ranked.Add((slot, rank));
        }

        return ranked.OrderBy(r => r.Rank).Select(r => r.Slot).Skip(keep);
    }

    private static bool IsRunning(Slot slot) => slot.Wanted.Any(t => t.IsRunning);
}
