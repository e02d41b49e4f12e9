using Skep.Cli.Containers;
using Skep.Wire;

namespace Skep.Cli.Tests;

public sealed class StatsTests
{
    [Fact]
    public void Percentages_are_reckoned_as_Dockers_client_does()
    {
        WireStats sample = new()
        {
            Id = "0123456789abcdef",
            Name = "/web.1.x",
            PreCpu = new WireCpuStats { Usage = new WireCpuUsage { Total = 1000 }, SystemUsage = 100_000 },
            Cpu = new WireCpuStats { Usage = new WireCpuUsage { Total = 3000 }, SystemUsage = 108_000, OnlineCpus = 2 },
            Memory = new WireMemoryStats { Usage = 30 << 20, Limit = 100 << 20, Stats = new Dictionary<string, ulong> { ["inactive_file"] = 10 << 20 } },
            Networks = new Dictionary<string, WireInterfaceStats> { ["eth0"] = new WireInterfaceStats { RxBytes = 1500, TxBytes = 20 } },
            Pids = new WirePidsStats { Current = 3 },
        };
        var row = ContainerStats.ToRow("web", sample, whole: false);
        Assert.Equal("50.00%", row["CPUPerc"]);
        Assert.Equal("20MiB / 100MiB", row["MemUsage"]);
        Assert.Equal("20.00%", row["MemPerc"]);
        Assert.Equal("1.5kB / 20B", row["NetIO"]);
        Assert.Equal("0123456789ab", row["ID"]);
    }

    [Theory]
    [InlineData("web:/etc/x", "web", "/etc/x")]
    [InlineData("./a:b", null, "./a:b")]
    [InlineData("/a:b", null, "/a:b")]
    [InlineData("file", null, "file")]
    public void A_container_in_front_of_a_path_is_told_from_a_local_path(string argument, string? container, string path)
        => Assert.Equal((container, path), ContainerCopy.Split(argument));
}
