using Skep.Overlay.Planning;

namespace Skep.Overlay.Applying;

/// <summary>Routers that no task needs at present, and since when.</summary>
internal sealed class IdleRouters(TimeSpan rest, TimeProvider time)
{
    private readonly Dictionary<NamespaceKey, long> _since = [];

    /// <summary>Until the first of them may go; null when none rests.</summary>
    public TimeSpan? FirstIn
    {
        get
        {
            TimeSpan? first = null;
            foreach (long since in _since.Values)
            {
                TimeSpan left = rest - time.GetElapsedTime(since);
                if (first is null || left < first)
                {
                    first = left > TimeSpan.Zero ? left : TimeSpan.Zero;
                }
            }
            return first;
        }
    }

    /// <summary>Which of the routers present and not desired shall stay for now.</summary>
    public HashSet<NamespaceKey> Keep(DesiredNetwork desired, IEnumerable<NamespaceKey> present)
    {
        HashSet<NamespaceKey> used = [.. desired.Networks.Values.Select(n => NamespaceKey.Router(n.Vni))];
        List<NamespaceKey> idle = [.. present.Where(k => k.Kind == NamespaceKind.Router && !used.Contains(k))];
        foreach (NamespaceKey gone in _since.Keys.Except(idle).ToList())
        {
            _since.Remove(gone);
        }

        var kept = new HashSet<NamespaceKey>();
        foreach (NamespaceKey router in idle)
        {
            _since.TryAdd(router, time.GetTimestamp());
            // A node has each network id once: what the ingress segment now needs cannot rest elsewhere.
            bool isTaken = desired.Ingress is { } ingress && NamespaceKey.Router(ingress.Vni) == router;
            if (!isTaken && time.GetElapsedTime(_since[router]) < rest)
            {
                kept.Add(router);
            }
            else
            {
                _since.Remove(router);
            }
        }
        return kept;
    }
}
