using Skep.Overlay.Names;

namespace Skep.Overlay.Dns;

/// <summary>What the cluster knows of a name, from the view of one task.</summary>
internal readonly record struct NameResult(bool IsKnown, ValueList<Ipv4Address> Addresses, string? Pointer)
{
    public static NameResult Unknown => default;
}

/// <summary>Names of a task's networks; pure.</summary>
internal static class NameLookup
{
    /// <summary>Asks the task's networks in the order of its attachments; the first that knows the name answers.</summary>
    /// <param name="name">Lower case, no final dot.</param>
    public static NameResult Find(NamesState picture, TaskId task, string name, ushort type)
    {
        if (!picture.Tasks.TryGetValue(task, out TaskNames? knows))
        {
            return NameResult.Unknown;
        }

        Ipv4Address? reverse = type == DnsQuestion.Ptr ? ReverseIn(name) : null;
        foreach (NetworkId network in knows.Networks)
        {
            if (!picture.Zones.TryGetValue(network, out NamedZone? named))
            {
                continue;
            }

            DnsZone zone = named.Zone;
            if (reverse is { } address && zone.Pointers.TryGetValue(address, out string? pointer))
            {
                return new NameResult(true, [], pointer);
            }

            if (zone.Names.TryGetValue(name, out ValueList<Ipv4Address> addresses))
            {
                return new NameResult(true, addresses, null);
            }

            if (StripNetwork(name, named.Network) is { } inner && zone.Names.TryGetValue(inner, out addresses))
            {
                return new NameResult(true, addresses, null);
            }
        }
        return NameResult.Unknown;
    }

    /// <summary>Whether names outside the cluster may be asked for: not by tasks on internal networks only.</summary>
    public static bool MayAskOutside(NamesState picture, TaskId task) => !picture.Tasks.TryGetValue(task, out TaskNames? knows) || knows.AsksOutside;

    private static string? StripNetwork(string name, string network) =>
        network.Length > 0 && name.Length > network.Length + 1 && name[^(network.Length + 1)] == '.' && name.EndsWith(network, StringComparison.OrdinalIgnoreCase)
            ? name[..^(network.Length + 1)]
            : null;

    /// <summary><c>4.3.2.1.in-addr.arpa</c> → 1.2.3.4.</summary>
    private static Ipv4Address? ReverseIn(string name)
    {
        const string suffix = ".in-addr.arpa";
        if (!name.EndsWith(suffix, StringComparison.Ordinal))
        {
            return null;
        }

        string[] parts = name[..^suffix.Length].Split('.');
        Array.Reverse(parts);
        return Ipv4Address.TryParse(string.Join('.', parts), out Ipv4Address address) ? address : null;
    }
}
