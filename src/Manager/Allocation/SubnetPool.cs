namespace Skep.Manager.Allocation;

/// <summary>Which blocks of addresses networks hold; gives out the lowest that overlaps none.</summary>
internal sealed class SubnetPool
{
    private readonly SortedSet<Ipv4Prefix> _claims = [];

    public void Claim(Ipv4Prefix subnet) => _claims.Add(subnet);

    public void Release(Ipv4Prefix subnet) => _claims.Remove(subnet);

    public bool IsFree(Ipv4Prefix subnet) => !_claims.Any(subnet.Overlaps);

    /// <summary>Claims a free block; null when the pools hold none.</summary>
    /// <param name="avoid">Addresses that must not lie in it: those of the machines themselves.</param>
    public Ipv4Prefix? Take(ValueList<Ipv4Prefix> pools, int length, IReadOnlyCollection<Ipv4Address> avoid)
    {
        foreach (Ipv4Prefix pool in pools)
        {
            int size = Math.Max(length, pool.Length);
            for (long at = pool.Network.Value; at <= pool.Last.Value;)
            {
                var candidate = new Ipv4Prefix(new Ipv4Address((uint)at), size);
                Ipv4Prefix? taken = FirstOverlap(candidate);
                if (taken is null && !avoid.Any(candidate.Contains))
                {
                    Claim(candidate);
                    return candidate;
                }

                // Behind whatever is in the way, so that one large block is skipped in one step.
                at = Math.Max(candidate.Last.Value, taken?.Last.Value ?? 0) + 1L;
            }
        }

        return null;
    }

    public override string ToString() => string.Join(' ', _claims);

    private Ipv4Prefix? FirstOverlap(Ipv4Prefix candidate)
    {
        foreach (Ipv4Prefix claim in _claims)
        {
            if (claim.Overlaps(candidate))
            {
                return claim;
            }
        }

        return null;
    }
}
