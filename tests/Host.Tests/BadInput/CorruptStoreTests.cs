using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.BadInput;

/// <summary>A disk that lies: the manager refuses to go on from it, says where, and its containers run on.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class CorruptStoreTests : ClusterFacts
{
    private const int Node = 3;

    [Theory]
    [InlineData("*.wal")]
    [InlineData("*.snap")]
    public Task A_damaged_file_is_refused_with_its_name_and_the_place(string pattern) => OnClusterAsync(async () =>
    {
        (string file, byte[] sound) = await DamageAsync(pattern);
        try
        {
            await Cluster.ScriptAsync("restart", $"{Node}");
            await UntilRefusedAsync(file);
        }
        finally
        {
            await File.WriteAllBytesAsync(file, sound);
        }

        await Cluster.UntilReadyAsync([1, 2, 3], via: 1, Limit);
    });

    [Fact]
    public Task The_command_of_the_error_brings_a_damaged_manager_back_as_the_node_it_was() => OnClusterAsync(async () =>
    {
        string before = await IdAsync();
        Assert.Contains("this manager runs", (await Cluster.SkepAsync(Node, "swarm", "rejoin")).Error, StringComparison.Ordinal);
        (string file, _) = await DamageAsync("*.wal");
        await Cluster.ScriptAsync("restart", $"{Node}");
        await UntilRefusedAsync(file);

        (await Cluster.SkepAsync(Node, "swarm", "rejoin")).Succeeded();

        await Cluster.UntilReadyAsync([1, 2, 3], via: 1, Limit);
        Assert.Equal(before, await IdAsync());
        Assert.Equal(["n1", "n2", "n3"], (await Cluster.DockerAsync(Node, "node", "ls", "--filter", "role=manager", "--format", "{{.Hostname}}")).Succeeded().Lines.Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists($"{Cluster.DataDirectory}/n{Node}/skep/manager.damaged"));
    });

    [Fact]
    public Task A_manager_whose_address_has_changed_comes_back_by_the_new_one() => OnClusterAsync(async () =>
    {
        string before = await IdAsync(), old = Cluster.AddressOf(Node), other = $"{Cluster.Net}.93";
        (await Cluster.InNodeAsync(Node, "sysctl", "-qw", "net.ipv4.conf.all.promote_secondaries=1")).Succeeded();
        await MoveAsync(old, other);
        Assert.Equal(before, await IdAsync());
        Assert.Equal($"{other}:2377", await ManagerAddressAsync());
        await MoveAsync(other, old);
        Assert.Equal($"{old}:2377", await ManagerAddressAsync());

        async Task MoveAsync(string from, string to)
        {
            (await Cluster.InNodeAsync(Node, "ip", "address", "add", $"{to}/24", "dev", "eth0")).Succeeded();
            (await Cluster.InNodeAsync(Node, "ip", "address", "del", $"{from}/24", "dev", "eth0")).Succeeded();
            await Eventually.TrueAsync(async () => (await Cluster.SkepAsync(Node, "swarm", "rejoin", "--advertise-addr", to)).Code == 0, Limit, () => "n3 to rejoin");
            await Cluster.UntilReadyAsync([1, 2, 3], via: 1, Limit);
        }

        async Task<string> ManagerAddressAsync() => (await Cluster.DockerAsync(1, "node", "inspect", "--format", "{{.ManagerStatus.Addr}}", before)).Succeeded().Out.Trim();
    });

    private async Task<string> IdAsync() => (await Cluster.DockerAsync(Node, "info", "--format", "{{.Swarm.NodeID}}")).Succeeded().Out.Trim();

    /// <summary>Ends the daemon and changes a byte of its first such file.</summary>
    private async Task<(string File, byte[] Sound)> DamageAsync(string pattern)
    {
        await Cluster.SignalAsync(Node, "skepd", "TERM");
        await Eventually.TrueAsync(() => Task.FromResult(!Directory.Exists($"/proc/{Cluster.PidOf(Node, "skepd")}")), Limit, () => "skepd to end");
        string file = Directory.GetFiles($"{Cluster.DataDirectory}/n{Node}/skep/manager", pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        byte[] sound = await File.ReadAllBytesAsync(file);
        byte[] damaged = [.. sound];
        // Not the tail, which a crash may leave torn: in the first record.
        damaged[Math.Min(96, damaged.Length / 2)] ^= 0x55;
        await File.WriteAllBytesAsync(file, damaged);
        return (file, sound);
    }

    private Task UntilRefusedAsync(string file) => Eventually.BecomesAsync(
        async () =>
        {
            string error = (await Cluster.DockerAsync(Node, "info", "--format", "{{.Swarm.LocalNodeState}} {{.Swarm.Error}}")).Succeeded().Out;
            return error.Contains("error", StringComparison.Ordinal) && error.Contains(Path.GetFileName(file), StringComparison.Ordinal)
                && error.Contains("offset", StringComparison.Ordinal) && error.Contains("skep swarm rejoin", StringComparison.Ordinal)
                    ? null
                    : $"an error that names {Path.GetFileName(file)}, an offset and what heals it: {error}";
        },
        TimeSpan.FromSeconds(15));
}
