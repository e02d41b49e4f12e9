using Skep.Cli.Doctor;
using Skep.Wire;

namespace Skep.Cli.Tests;

/// <summary>What <c>doctor</c> makes of what it sees.</summary>
public sealed class DoctorTests
{
    [Fact]
    public void Docker_dropping_forwarded_packets_is_warned_of()
    {
        Check check = SoftwareChecks.PacketFilter("table ip filter {\n\tchain DOCKER-USER {\n\t}\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n");
        Assert.Equal(Verdict.Warn, check.Verdict);
        Assert.Contains("table ip filter, made by Docker", check.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Our_own_tables_are_no_interference()
        => Assert.Equal(Verdict.Ok, SoftwareChecks.PacketFilter("table inet skep {\n\tchain f {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n").Verdict);

    [Theory]
    [InlineData(-1, Verdict.Fail)]
    [InlineData(5, Verdict.Warn)]
    [InlineData(60, Verdict.Ok)]
    public void Certificates_are_judged_by_the_days_they_have_left(int days, object verdict)
        => Assert.Equal(verdict, SoftwareChecks.Expiry("node.crt", CliRun.Now.AddDays(days), CliRun.Now).Verdict);

    [Fact]
    public void A_full_disk_fails_and_a_slow_one_is_warned_of()
    {
        Assert.Equal(Verdict.Fail, DiskChecks.Space("/x", 1, 100).Verdict);
        Assert.Equal(Verdict.Warn, DiskChecks.Judge(80).Verdict);
    }

    [Fact]
    public void A_clock_that_is_far_off_is_warned_of()
        => Assert.Equal(Verdict.Warn, ClusterChecks.Clock(CliRun.Now.AddSeconds(5), CliRun.Now, CliRun.Now.AddSeconds(1)).Verdict);

    [Fact]
    public void A_node_that_is_down_fails()
        => Assert.Equal(Verdict.Fail, ClusterChecks.Nodes([new WireNode { Id = "a", Status = new WireNodeStatus { State = "down" } }]).First().Verdict);

    [Fact]
    public async Task Without_a_daemon_it_says_what_it_could_not_ask_and_exits_with_one()
    {
        CliRun run = await CliRun.Of("unix:///nonexistent/s", ["doctor", "--format", "{{.Verdict}} {{.Check}} {{.Reason}}", "--data", "/nonexistent"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("fail daemon Cannot connect to the Skep daemon", run.Out, StringComparison.Ordinal);
        Assert.Contains("nothing could be asked about the cluster", run.Out, StringComparison.Ordinal);
        Assert.Contains("kernel Linux", run.Out, StringComparison.Ordinal);
    }
}
