using Skep.Overlay.Dns;
using Skep.Overlay.Names;

namespace Skep.Overlay.Tests;

public sealed class NamesDeltaTests
{
    private static readonly TaskId Task = new("task1");

    [Fact]
    public void Changes_applied_to_the_old_picture_give_the_new_one()
    {
        var random = new Random(11);
        NamesState picture = NamesState.Empty, copy = NamesState.Empty;
        for (int i = 0; i < 300; i++)
        {
            NamesState next = Change(picture, random);
            foreach (NamesMessage frame in NamesDelta.Between(picture, next))
            {
                copy = NamesDelta.Apply(copy, frame);
            }

            AssertSame(next, copy);
            picture = next;
        }
    }

    [Fact]
    public void Equal_pictures_need_no_message()
    {
        NamesState one = Change(NamesState.Empty, new Random(3)), other = Change(NamesState.Empty, new Random(3));
        Assert.NotSame(one, other);
        Assert.Empty(NamesDelta.Between(one, other));
    }

    [Fact]
    public void A_changed_name_is_sent_without_the_rest_of_its_zone()
    {
        NamedZone zone = new("front", new DnsZone { Names = Enumerable.Range(0, 1000).ToValueMap(i => $"task-{i:0000}", i => (ValueList<Ipv4Address>)[new Ipv4Address((uint)i)]) });
        NamesState from = Of(zone), to = Of(zone with { Zone = zone.Zone with { Names = zone.Zone.Names.Set("task-0500", [Ipv4Address.Loopback]).Remove("task-0001") } });
        NamesMessage only = Assert.Single(NamesDelta.Between(from, to));
        Assert.InRange(only.ToBytes().Length, 40, 100);
        AssertSame(to, NamesDelta.Apply(from, only));
    }

    [Fact]
    public void A_task_knows_the_names_of_its_own_networks_only()
    {
        NamesState picture = Of(new NamedZone("front", new DnsZone { Names = ValueMap<string, ValueList<Ipv4Address>>.Empty.Set("web", [Ipv4Address.Loopback]) }));
        Assert.False(NameLookup.Find(picture, Task, "web", DnsQuestion.A).IsKnown);
        picture = picture with { Tasks = picture.Tasks.Set(Task, new TaskNames([new NetworkId("net0")], AsksOutside: false, [])) };
        Assert.True(NameLookup.Find(picture, Task, "web", DnsQuestion.A).IsKnown);
        Assert.True(NameLookup.Find(picture, Task, "web.front", DnsQuestion.A).IsKnown);
        Assert.False(NameLookup.Find(picture, Task, "web.back", DnsQuestion.A).IsKnown);
        Assert.False(NameLookup.MayAskOutside(picture, Task));
    }

    private static NamesState Of(NamedZone zone) => NamesState.Empty with { Zones = NamesState.Empty.Zones.Set(new NetworkId("net0"), zone) };

    private static NamesState Change(NamesState picture, Random random)
    {
        for (int i = random.Next(1, 8); i > 0; i--)
        {
            var network = new NetworkId($"net{random.Next(4)}");
            var task = new TaskId($"task{random.Next(6)}");
            NamedZone zone = picture.Zones.GetValueOrDefault(network) ?? NamedZone.Empty;
            string name = $"näme{random.Next(5)}";
            var address = new Ipv4Address((uint)random.Next(4));
            picture = random.Next(8) switch
            {
                0 => picture with { Zones = picture.Zones.Remove(network) },
                1 => picture with { Tasks = picture.Tasks.Remove(task) },
                2 => picture with { Tasks = picture.Tasks.Set(task, new TaskNames([network], random.Next(2) == 0, [address])) },
                3 => Set(zone with { Network = $"n{random.Next(3)}" }),
                4 => Set(zone with { Zone = zone.Zone with { Names = zone.Zone.Names.Remove(name) } }),
                5 => Set(zone with { Zone = zone.Zone with { Pointers = zone.Zone.Pointers.Remove(address) } }),
                6 => Set(zone with { Zone = zone.Zone with { Pointers = zone.Zone.Pointers.Set(address, name) } }),
                _ => Set(zone with { Zone = zone.Zone with { Names = zone.Zone.Names.Set(name, [.. Enumerable.Repeat(address, random.Next(3))]) } }),
            };

            NamesState Set(NamedZone changed) => picture with { Zones = picture.Zones.Set(network, changed) };
        }
        return picture;
    }

    private static void AssertSame(NamesState wanted, NamesState actual)
    {
        Assert.Equal(wanted.Zones.Keys, actual.Zones.Keys);
        foreach ((NetworkId network, NamedZone zone) in wanted.Zones)
        {
            Assert.Equal(zone.Network, actual.Zones[network].Network);
            Assert.Equal(zone.Zone.Names, actual.Zones[network].Zone.Names);
            Assert.Equal(zone.Zone.Pointers, actual.Zones[network].Zone.Pointers);
        }
        Assert.Equal(wanted.Tasks, actual.Tasks);
    }
}
