namespace Skep.Manager.Allocation;

/// <summary>The addresses of one network: which are held, and which is next.</summary>
/// <remarks>
/// Next-fit: an address given back is used again last, so that peers and clients which still know its old owner do not meet the new one. Where the search stands
/// is no part of the pool's content. The first and last address of the subnet, the gateway and auxiliary addresses are never given out.
/// </remarks>
internal sealed class AddressPool
{
    private readonly Dictionary<Ipv4Address, int> _claims = [];
    private readonly HashSet<Ipv4Address> _reserved;
    private readonly Ipv4Prefix _range;
    private long _cursor;
    private long _heldInRange;

    public AddressPool(Ipv4Prefix subnet, Ipv4Prefix? range, IEnumerable<Ipv4Address> reserved)
    {
        Subnet = subnet;
        _range = range ?? subnet;
        _reserved = [.. reserved.Append(subnet.Network).Append(subnet.Last)];
        Capacity = _range.Count - _reserved.Count(_range.Contains);
    }

    public Ipv4Prefix Subnet { get; }

    /// <summary>How many addresses can be given out in all.</summary>
    public long Capacity { get; }

    public bool IsFull => _heldInRange >= Capacity;

    public void Claim(Ipv4Address address)
    {
        int claims = _claims.GetValueOrDefault(address) + 1;
        _claims[address] = claims;
        if (claims == 1 && CountsAgainstRange(address))
        {
            _heldInRange++;
        }
    }

    public void Release(Ipv4Address address)
    {
        int claims = _claims.GetValueOrDefault(address);
        if (claims > 1)
        {
            _claims[address] = claims - 1;
        }
        else if (_claims.Remove(address) && CountsAgainstRange(address))
        {
            _heldInRange--;
        }
    }

    /// <summary>Claims the next free address; null when there is none.</summary>
    public Ipv4Address? Take()
    {
        for (long tried = 0; !IsFull && tried < _range.Count; tried++)
        {
            Ipv4Address address = _range[_cursor];
            _cursor = (_cursor + 1) % _range.Count;
            if (!_claims.ContainsKey(address) && !_reserved.Contains(address))
            {
                Claim(address);
                return address;
            }
        }

        return null;
    }

    /// <summary>Claims that very address.</summary>
    /// <returns>False when it is held already, or not for containers.</returns>
    public bool TryTake(Ipv4Address address)
    {
        if (!Subnet.Contains(address) || _claims.ContainsKey(address) || _reserved.Contains(address))
        {
            return false;
        }

        Claim(address);
        return true;
    }

    /// <summary>Goes on behind the highest address that is held; for a pool made anew, whose own search began nowhere.</summary>
    public void SeekBehindClaims()
    {
        long last = _claims.Keys.Where(_range.Contains).Select(_range.OffsetOf).DefaultIfEmpty(-1).Max();
        _cursor = (last + 1) % _range.Count;
    }

    /// <summary>All claims as text, for comparing two pools.</summary>
    public override string ToString() => $"{Subnet} range {_range} held {_heldInRange}: {string.Join(' ', _claims.OrderBy(c => c.Key).Select(c => c.Value == 1 ? $"{c.Key}" : $"{c.Key}x{c.Value}"))}";

    private bool CountsAgainstRange(Ipv4Address address) => _range.Contains(address) && !_reserved.Contains(address);
}
