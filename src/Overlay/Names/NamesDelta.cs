
namespace Skep.Overlay.Names;

/// <summary>The difference between two pictures, as messages; pure.</summary>
internal static class NamesDelta
{
    /// <summary>Messages that make <paramref name="to"/> of <paramref name="from"/>; parts that are the same instance are not looked at.</summary>
    public static IEnumerable<NamesMessage> Between(NamesState from, NamesState to)
    {
        foreach ((NetworkId network, _, _, NamedZone? before, NamedZone? now) in Walk(from.Zones, to.Zones, Comparer<NetworkId>.Default))
        {
            if (ReferenceEquals(before?.Zone, now?.Zone) && before?.Network == now?.Network)
            {
                continue;
            }

            if (now is null)
            {
                yield return NamesMessage.Of(NamesMessageKind.ZoneGone, w => w.Write(network.Value));
            }
            else if (ZoneFrame(network, before ?? NamedZone.Empty, now, isNew: before is null) is { } frame)
            {
                yield return frame;
            }
        }
        foreach ((TaskId task, TaskNames? _, TaskNames? now) in Changes(from.Tasks, to.Tasks))
        {
            yield return now is null ? NamesMessage.Of(NamesMessageKind.TaskGone, task) : NamesMessage.Of(NamesMessageKind.Task, w => WriteTask(w, task, now));
        }
    }

    /// <summary>The picture after a message of <see cref="Between"/>.</summary>
    public static NamesState Apply(NamesState picture, NamesMessage frame)
    {
        using BinaryReader reader = frame.Read();
        string id = reader.ReadString();
        return frame.Verb switch
        {
            NamesMessageKind.Zone => picture with { Zones = picture.Zones.Set(new NetworkId(id), ReadZone(reader, picture.Zones.TryGetValue(new NetworkId(id), out NamedZone? zone) ? zone : NamedZone.Empty)) },
            NamesMessageKind.ZoneGone => picture with { Zones = picture.Zones.Remove(new NetworkId(id)) },
            NamesMessageKind.Task => picture with { Tasks = picture.Tasks.Set(new TaskId(id), ReadTask(reader)) },
            NamesMessageKind.TaskGone => picture with { Tasks = picture.Tasks.Remove(new TaskId(id)) },
            _ => picture,
        };
    }

    private static NamesMessage? ZoneFrame(NetworkId network, NamedZone before, NamedZone now, bool isNew)
    {
        (string Key, ValueList<Ipv4Address>? Now)[] names = [.. Changes(before.Zone.Names, now.Zone.Names, StringComparer.Ordinal)];
        (Ipv4Address Key, string? Now)[] pointers = [.. Changes(before.Zone.Pointers, now.Zone.Pointers).Select(c => (c.Key, c.Now))];
        if (!isNew && names.Length == 0 && pointers.Length == 0 && before.Network == now.Network)
        {
            return null;
        }

        return NamesMessage.Of(NamesMessageKind.Zone, w =>
        {
            w.Write(network.Value);
            w.Write(now.Network);
            w.Write(names.Length);
            foreach ((string name, ValueList<Ipv4Address>? addresses) in names)
            {
                w.Write(name);
                w.Write(addresses is { } present ? present.Count : -1); // -1: the name is gone
                foreach (Ipv4Address address in addresses ?? [])
                {
                    w.Write(address.Value);
                }
            }
            w.Write(pointers.Length);
            foreach ((Ipv4Address address, string? name) in pointers)
            {
                w.Write(address.Value);
                w.Write(name ?? "");
            }
        });
    }

    private static NamedZone ReadZone(BinaryReader reader, NamedZone zone)
    {
        string network = reader.ReadString();
        var set = new List<KeyValuePair<string, ValueList<Ipv4Address>>>();
        ValueMap<string, ValueList<Ipv4Address>> names = zone.Zone.Names;
        for (int i = reader.ReadInt32(); i > 0; i--)
        {
            string name = reader.ReadString();
            int count = reader.ReadInt32();
            if (count < 0)
            {
                names = names.Remove(name);
            }
            else
            {
                set.Add(new(name, ReadAddresses(reader, count)));
            }
        }
        var pointed = new List<KeyValuePair<Ipv4Address, string>>();
        ValueMap<Ipv4Address, string> pointers = zone.Zone.Pointers;
        for (int i = reader.ReadInt32(); i > 0; i--)
        {
            var address = new Ipv4Address(reader.ReadUInt32());
            string name = reader.ReadString();
            if (name.Length == 0)
            {
                pointers = pointers.Remove(address);
            }
            else
            {
                pointed.Add(new(address, name));
            }
        }
        return new NamedZone(network, new DnsZone { Names = names.SetItems(set), Pointers = pointers.SetItems(pointed) });
    }

    private static void WriteTask(BinaryWriter w, TaskId id, TaskNames task)
    {
        w.Write(id.Value);
        w.Write(task.AsksOutside);
        w.Write(task.Networks.Count);
        foreach (NetworkId network in task.Networks)
        {
            w.Write(network.Value);
        }

        WriteAddresses(w, task.Servers);
    }

    private static TaskNames ReadTask(BinaryReader reader)
    {
        bool asksOutside = reader.ReadBoolean();
        var networks = new NetworkId[reader.ReadInt32()];
        for (int i = 0; i < networks.Length; i++)
        {
            networks[i] = new NetworkId(reader.ReadString());
        }

        return new TaskNames(networks.ToValueList(), asksOutside, ReadAddresses(reader, reader.ReadInt32()));
    }

    public static void WriteAddresses(BinaryWriter w, ValueList<Ipv4Address> addresses)
    {
        w.Write(addresses.Count);
        foreach (Ipv4Address address in addresses)
        {
            w.Write(address.Value);
        }
    }

    public static ValueList<Ipv4Address> ReadAddresses(BinaryReader reader, int count)
    {
        var addresses = new Ipv4Address[count];
        for (int i = 0; i < count; i++)
        {
            addresses[i] = new Ipv4Address(reader.ReadUInt32());
        }

        return addresses.ToValueList();
    }

    private static IEnumerable<(string Key, ValueList<Ipv4Address>? Now)> Changes(
        ValueMap<string, ValueList<Ipv4Address>> from, ValueMap<string, ValueList<Ipv4Address>> to, StringComparer order)
        => Walk(from, to, order).Where(c => !c.Has || !c.Had || !c.Before.Equals(c.Now)).Select(c => (c.Key, c.Has ? c.Now : (ValueList<Ipv4Address>?)null));

    private static IEnumerable<(TKey Key, TValue? Before, TValue? Now)> Changes<TKey, TValue>(ValueMap<TKey, TValue> from, ValueMap<TKey, TValue> to)
        where TKey : notnull
        where TValue : class
        => Walk(from, to, Comparer<TKey>.Default).Where(c => !ReferenceEquals(c.Before, c.Now) && !Equals(c.Before, c.Now)).Select(c => (c.Key, c.Before, c.Now));

    /// <summary>Both maps side by side, in the order of their keys.</summary>
    private static IEnumerable<(TKey Key, bool Had, bool Has, TValue? Before, TValue? Now)> Walk<TKey, TValue>(ValueMap<TKey, TValue> from, ValueMap<TKey, TValue> to, IComparer<TKey> order)
        where TKey : notnull
    {
        if (ReferenceEquals(from, to))
        {
            yield break;
        }

        using IEnumerator<KeyValuePair<TKey, TValue>> left = from.GetEnumerator(), right = to.GetEnumerator();
        bool had = left.MoveNext(), has = right.MoveNext();
        while (had || has)
        {
            int side = !had ? 1 : !has ? -1 : order.Compare(left.Current.Key, right.Current.Key);
            if (side < 0)
            {
                yield return (left.Current.Key, true, false, left.Current.Value, default);
            }
            else if (side > 0)
            {
                yield return (right.Current.Key, false, true, default, right.Current.Value);
            }
            else
            {
                yield return (left.Current.Key, true, true, left.Current.Value, right.Current.Value);
            }

            if (side <= 0)
            {
                had = left.MoveNext();
            }

            if (side >= 0)
            {
                has = right.MoveNext();
            }
        }
    }
}
