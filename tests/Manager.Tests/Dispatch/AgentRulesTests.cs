using Skep.Manager.Dispatch;
using Skep.Model;

namespace Skep.Manager.Tests.Dispatch;

/// <summary>What a lying worker may say: checked where it comes in.</summary>
public sealed class AgentRulesTests
{
    private static readonly NodeDescription Honest = new("n1.example.com", new Platform("x86_64", "linux"), new Resources(4_000_000_000, 8L << 30))
    {
        EngineVersion = "0.1.0",
        DataPathAddress = "10.0.0.1",
        PeerAddress = "10.0.0.1:2377",
    };

    private static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string> BadNames => new()
    {
        { "", "empty" },
        { "a b", "space" },
        { "$(touch${IFS}/tmp/x)", "shell" },
        { "n1\u001b[2J", "escape" },
        { "n1\nError: forged", "line" },
        { "n1\0", "null" },
        { "-n1", "dash" },
        { "n1..example", "empty label" },
        { new string('a', 64), "long label" },
        { string.Join('.', Enumerable.Repeat("abcdefgh", 40)), "long" },
        { "nö", "not ASCII" },
    };

    [Fact]
    public void An_honest_description_is_taken() => NodeDescriptionRules.Check(Honest);

    [Theory]
    [MemberData(nameof(BadNames))]
    public void Hostnames_that_are_none_are_refused_and_shown_without_what_steers_terminals(string name, string why)
    {
        ClusterException refused = Assert.Throws<ClusterException>(() => NodeDescriptionRules.Check(Honest with { Hostname = name }));

        Assert.Equal(ErrorKind.InvalidArgument, refused.Kind);
        Assert.StartsWith("hostname ", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.Message.Length < 300 && !refused.Message.Any(char.IsControl), why);
    }

    [Theory]
    [InlineData("0/tcp")]
    [InlineData("70000/tcp")]
    [InlineData("22")]
    [InlineData("22/sctp")]
    [InlineData("22/tcp\n")]
    [InlineData("$(x)/tcp")]
    public void Held_ports_that_are_none_are_refused(string port)
        => Assert.StartsWith("held port ", Assert.Throws<ClusterException>(() => NodeDescriptionRules.Check(Honest with { HeldPorts = ["80/tcp", port] })).Message, StringComparison.Ordinal);

    [Fact]
    public void Held_ports_are_few()
    {
        NodeDescriptionRules.Check(Honest with { HeldPorts = [.. Enumerable.Range(1, 64).Select(p => $"{p}/udp")] });
        Assert.Throws<ClusterException>(() => NodeDescriptionRules.Check(Honest with { HeldPorts = [.. Enumerable.Range(1, 65).Select(p => $"{p}/udp")] }));
    }

    [Theory]
    [InlineData("bad host:xx")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1:0")]
    [InlineData("10.0.0.1:70000")]
    [InlineData(":2377")]
    public void Peer_addresses_that_cannot_be_called_are_refused(string address)
        => Assert.Throws<ClusterException>(() => NodeDescriptionRules.Check(Honest with { PeerAddress = address }));

    [Theory]
    [InlineData("garbage")]
    [InlineData("0.0.0.0")]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    public void Data_path_addresses_of_no_machine_are_refused(string address)
        => Assert.Throws<ClusterException>(() => NodeDescriptionRules.Check(Honest with { DataPathAddress = address }));

    [Fact]
    public void Negative_resources_and_control_characters_anywhere_are_refused()
    {
        Assert.Throws<ClusterException>(() => NodeDescriptionRules.Check(Honest with { Resources = new Resources(-1, 0) }));
        Assert.Throws<ClusterException>(() => NodeDescriptionRules.Check(Honest with { EngineVersion = "1\u001b" }));
        Assert.Throws<ClusterException>(() => NodeDescriptionRules.Check(Honest with { EngineLabels = new Dictionary<string, string> { ["a"] = "\u0007" }.ToValueMap(p => p.Key, p => p.Value) }));
    }

    [Fact]
    public void Reports_are_cut_and_clocks_that_are_decades_off_are_not_believed()
    {
        var status = new SwarmTaskStatus(TaskState.Failed, DateTimeOffset.MinValue.AddYears(1700)) { Error = new string('e', 9 << 20) + "\u001b", Message = "a\u001bb\nc" };

        SwarmTaskStatus taken = TaskReportRules.Checked(new TaskReport(new TaskId("t"), status), Now).Status;

        Assert.Equal(Now, taken.Timestamp);
        Assert.Equal(4096, taken.Error.Length);
        Assert.Equal("a?b\nc", taken.Message);
        Assert.Equal(Now.AddHours(-3), TaskReportRules.Checked(new TaskReport(new TaskId("t"), status with { Timestamp = Now.AddHours(-3) }), Now).Status.Timestamp);
    }

    [Theory]
    [InlineData(TaskState.New)]
    [InlineData(TaskState.Assigned)]
    [InlineData(TaskState.Orphaned)]
    public void States_that_only_managers_give_are_refused(TaskState state)
        => Assert.Throws<ClusterException>(() => TaskReportRules.Checked(new TaskReport(new TaskId("t"), new SwarmTaskStatus(state, Now)), Now));
}
