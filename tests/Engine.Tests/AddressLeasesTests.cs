using Skep.Engine.Networks;

namespace Skep.Engine.Tests;

public sealed class AddressLeasesTests
{
    [Fact]
    public void Addresses_stay_and_come_back()
    {
        string path = Path.GetTempFileName();
        AddressLeases addresses = new AddressLeases(path, Ipv4Prefix.Parse("172.18.0.0/29"));
        Ipv4Address first = addresses.Take(new TaskId("a"));
        Assert.Equal(first, addresses.Take(new TaskId("a")));
        Assert.NotEqual(first, addresses.Take(new TaskId("b")));
        Assert.Equal(first, new AddressLeases(path, Ipv4Prefix.Parse("172.18.0.0/29")).Take(new TaskId("a")));
        for (int i = 0; i < 3; i++)
        {
            addresses.Take(new TaskId($"c{i}"));
        }

        Assert.Throws<ClusterException>(() => addresses.Take(new TaskId("d")));
        addresses.Release(new TaskId("a"));
        Assert.Equal(first, addresses.Take(new TaskId("d")));
        File.Delete(path);
    }

    [Fact]
    public void Released_addresses_stay_released_and_their_history_is_bounded()
    {
        string path = Path.GetTempFileName();
        var pool = Ipv4Prefix.Parse("172.18.0.0/29");
        AddressLeases addresses = new AddressLeases(path, pool);
        Ipv4Address kept = addresses.Take(new TaskId("kept"));
        for (int i = 0; i < 1000; i++)
        {
            addresses.Take(new TaskId($"t{i}"));
            addresses.Release(new TaskId($"t{i}"));
        }

        Assert.InRange(File.ReadAllLines(path).Length, 1, 400);
        AddressLeases later = new AddressLeases(path, pool);
        Assert.Equal(kept, later.Take(new TaskId("kept")));
        Assert.Single(File.ReadAllLines(path));
        File.Delete(path);
    }
}
