namespace Skep.Overlay.Planning;

/// <summary>Which backend of a service is in which slot. Slots are dense, and a change moves as few of them as it can.</summary>
internal static class SlotTable
{
    /// <summary>Keeps every backend that stays in its slot; fills the holes with those from behind the new end, then with new ones.</summary>
    /// <param name="present">Backends by slot; null is a hole.</param>
    /// <param name="desired">Backends in any order; repeated ones take several slots.</param>
    public static List<string> Assign(IReadOnlyList<string?> present, IReadOnlyList<string> desired)
    {
        var wanted = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string backend in desired)
        {
            wanted[backend] = wanted.GetValueOrDefault(backend) + 1;
        }

        var slots = new string?[desired.Count];
        for (int slot = 0; slot < Math.Min(present.Count, slots.Length); slot++)
        {
            if (present[slot] is { } backend && Claim(wanted, backend))
            {
                slots[slot] = backend;
            }
        }
        var homeless = new Queue<string>();
        for (int slot = slots.Length; slot < present.Count; slot++)
        {
            if (present[slot] is { } backend && Claim(wanted, backend))
            {
                homeless.Enqueue(backend);
            }
        }
        foreach (string backend in desired)
        {
            if (Claim(wanted, backend))
            {
                homeless.Enqueue(backend);
            }
        }
        return [.. slots.Select(backend => backend ?? homeless.Dequeue())];
    }

    private static bool Claim(Dictionary<string, int> wanted, string backend)
    {
        int left = wanted.GetValueOrDefault(backend);
        if (left == 0)
        {
            return false;
        }

        wanted[backend] = left - 1;
        return true;
    }
}
