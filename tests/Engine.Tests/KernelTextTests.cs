using Skep.Engine.Exec;
using Skep.Engine.Health;
using Skep.Engine.Oci;
using Skep.Engine.Stats;

namespace Skep.Engine.Tests;

public sealed class KernelTextTests
{
    [Fact]
    public void Numbers_of_interfaces_are_read_without_the_loopback()
    {
        const string text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
              eth0:    1234      12    1    2    0     0          0         0     5678      34    3    4    0     0       0          0
            """;
        (string name, InterfaceSample sample) = Assert.Single(ProcfsParser.Interfaces(text));
        Assert.Equal("eth0", name);
        Assert.Equal(new InterfaceSample(1234, 12, 1, 2, 5678, 34, 3, 4), sample);
    }

    [Fact]
    public void Block_numbers_of_both_cgroup_versions_say_the_same()
    {
        ValueList<BlockSample> first = ProcfsParser.BlockV1("254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 0\nTotal 12288\n");
        (ValueList<BlockSample> second, ValueList<BlockSample> operations) = ProcfsParser.BlockV2("254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n");
        Assert.Equal(first.Where(s => s.Operation is "read" or "write"), second);
        Assert.Equal([new BlockSample(254, 0, "read", 1), new BlockSample(254, 0, "write", 2)], operations);
    }

    [Fact]
    public void The_machines_time_is_the_sum_of_eight_kinds_in_nanoseconds()
    {
        (ulong nanos, int cpus) = ProcfsParser.Machine("cpu  1 2 3 4 5 6 7 8 100 100\ncpu0 1 1 1 1 1 1 1 1 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\nintr 5\n");
        Assert.Equal((360_000_000UL, 2), (nanos, cpus));
    }

    [Fact]
    public void A_row_of_ps_keeps_the_blanks_of_its_command()
    {
        ProcessTable table = ProcessList.Parse("UID          PID    PPID  C STIME TTY          TIME CMD\nroot           7       1  0 10:00 ?        00:00:00 sh -c  echo  x\nroot           8       1  0 10:00 ?        00:00:00 other\n", [7]);
        Assert.Equal(["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], table.Titles);
        Assert.Equal("sh -c  echo  x", Assert.Single(table.Rows)[^1]);
        Assert.Throws<ClusterException>(() => ProcessList.Parse("USER CMD\nroot x\n", [7]));
    }

    [Fact]
    public void An_exec_takes_the_containers_variables_and_its_own_over_them()
    {
        List<string> env = ExecProcess.Env(["PATH=/bin", "A=1", "B=2"], new ExecRequest(["x"]) { Tty = true, Env = ["A=3", "B", "C="] });
        Assert.Equal(["PATH=/bin", "A=3", "TERM=xterm", "C="], env);
    }

    [Fact]
    public void Capabilities_are_read_from_the_kernels_mask()
        => Assert.Equal(["CAP_CHOWN", "CAP_FOWNER", "CAP_SYS_ADMIN"], Capabilities.InMask("\t0000000000200009\n"));

    [Theory]
    [InlineData(500, "500ms")]
    [InlineData(1500, "1.5s")]
    [InlineData(30_000, "30s")]
    [InlineData(120_000, "2m0s")]
    public void The_limit_of_a_probe_is_told_as_Go_does(int milliseconds, string text) => Assert.Equal(text, Health.HealthPlan.GoText(TimeSpan.FromMilliseconds(milliseconds)));
}
