using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Membership;

/// <summary>How nodes come and go; n4 is the one that does.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class MembershipTests : ClusterFacts
{
    [Fact]
    public Task A_wrong_token_is_refused_and_says_so() => OnClusterAsync(async () =>
    {
        string token = await TokenAsync("worker");
        await AssertJoinRefusedAsync(token[..^25] + new string('0', 25), "A valid join token is necessary to join this cluster");
        // Another cluster's digest: the manager reached is not the one the token speaks of.
        string[] parts = token.Split('-');
        await AssertJoinRefusedAsync($"{parts[0]}-{parts[1]}-{new string('1', 50)}-{parts[3]}", "remote CA does not match fingerprint");
        await AssertJoinRefusedAsync("SWMTKN-nonsense", "invalid join token");
    });

    [Fact]
    public Task A_worker_joins_takes_no_manager_command_and_leaves() => OnClusterAsync(async () =>
    {
        await Cluster.JoinAsync(Outsider, "worker", via: 2);
        Assert.Equal("ready", (await DockerAsync("node", "inspect", "n4", "--format", "{{.Status.State}}")).Succeeded().Out.Trim());
        await Cluster.UntilReadyAsync([Outsider], via: 1, Limit);
        AssertFails(await Cluster.DockerAsync(Outsider, "service", "ls"), "This node is not a swarm manager");
        AssertFails(await Cluster.DockerAsync(Outsider, "swarm", "join", "--token", await TokenAsync("worker"), $"{Cluster.AddressOf(1)}:2377"), "This node is already part of a swarm");
        AssertFails(await DockerAsync("node", "rm", "n4"), "is not down and can't be removed");

        string web = await ServiceAsync("guest", "--constraint", "node.hostname==n4");
        await UntilRunningAsync(web, 1);
        // A worker serves managers, as it is told who they are.
        Assert.Equal("here", (await DockerAsync("exec", $"{web}.1", "busybox", "echo", "here")).Succeeded().Out.Trim());
        await LeaveAndForgetAsync();
        Assert.Empty(await new NodeInspector(Cluster, Outsider).ContainersAsync());
        AssertFails(await Cluster.DockerAsync(Outsider, "node", "ls"), "This node is not a swarm manager");
    });

    [Fact]
    public Task A_worker_becomes_a_manager_and_a_worker_again() => OnClusterAsync(async () =>
    {
        await Cluster.JoinAsync(Outsider, "worker", via: 1);
        await Cluster.UntilReadyAsync([Outsider], via: 1, Limit);
        (await DockerAsync("node", "promote", "n4")).Succeeded();
        await Eventually.EqualAsync("Reachable", async () => (await DockerAsync("node", "ls", "--filter", "name=n4", "--format", "{{.ManagerStatus}}")).Succeeded().Out.Trim(), Limit, "manager status of n4");
        await Eventually.TrueAsync(async () => (await Cluster.DockerAsync(Outsider, "node", "ls", "-q")).Lines.Length == 4, Limit, () => "n4 to serve as a manager");
        AssertFails(await DockerAsync("node", "rm", "-f", "n4"), "is a cluster manager and is a member of the raft cluster");
        (await DockerAsync("node", "demote", "n4")).Succeeded();
        await Eventually.TrueAsync(async () => (await Cluster.DockerAsync(Outsider, "node", "ls")) is { Code: 1 } r && r.Error.Contains("not a swarm manager", StringComparison.Ordinal), Limit, () => "n4 to be a worker");
        await Cluster.UntilReadyAsync([Outsider], via: 1, Limit);
        await LeaveAndForgetAsync();
    });

    [Fact]
    public Task A_rotated_token_is_good_and_the_old_one_is_not() => OnClusterAsync(async () =>
    {
        string old = await TokenAsync("worker");
        string @new = (await DockerAsync("swarm", "join-token", "-q", "--rotate", "worker")).Succeeded().Out.Trim();
        Assert.NotEqual(old, @new);
        await AssertJoinRefusedAsync(old, "A valid join token is necessary to join this cluster");
        (await Cluster.DockerAsync(Outsider, "swarm", "join", "--token", @new, "--advertise-addr", Cluster.AddressOf(Outsider), $"{Cluster.AddressOf(1)}:2377")).Succeeded();
        await Cluster.UntilReadyAsync([Outsider], via: 1, Limit);
        await LeaveAndForgetAsync();
    });

    [Fact]
    public Task A_manager_does_not_leave_without_force_and_init_twice_is_refused() => OnClusterAsync(async () =>
    {
        AssertFails(await Cluster.DockerAsync(3, "swarm", "leave"), "You are attempting to leave the swarm on a node that is participating as a manager");
        AssertFails(await Cluster.DockerAsync(3, "swarm", "init"), "This node is already part of a swarm");
    });

    [Fact]
    public Task A_manager_nobody_could_call_is_refused_and_leaves_nothing_behind() => OnClusterAsync(async () =>
    {
        string token = await TokenAsync("manager"), before = await NodesAsync();
        AssertFails(await JoinAsync(token, Cluster.AddressOf(1), "--advertise-addr", "127.0.0.1"), "this manager cannot reach node ");
        AssertFails(await JoinAsync(token, Cluster.AddressOf(1), "--advertise-addr", Cluster.AddressOf(2)), $"at {Cluster.AddressOf(2)}:2377, node ");
        AssertFails(await JoinAsync(token, Cluster.AddressOf(1), "--advertise-addr", Cluster.AddressOf(1)), "cannot be this node's address too");
        Assert.Equal(before, await NodesAsync());
        Assert.Contains("inactive", (await Cluster.DockerAsync(Outsider, "info", "--format", "{{.Swarm.LocalNodeState}}")).Succeeded().Out);
    });

    [Fact]
    public Task A_manager_the_leader_cannot_call_is_refused_whichever_manager_it_asks() => OnClusterAsync(async () =>
    {
        string leader = (await DockerAsync("node", "ls", "--format", "{{if eq .ManagerStatus \"Leader\"}}{{.Hostname}}{{end}}")).Succeeded().Out.Trim(), before = await NodesAsync();
        int leads = leader[1] - '0', other = leads == 1 ? 2 : 1;
        (await Cluster.InNodeAsync(Outsider, "nft", $"add table inet wall; add chain inet wall in {{ type filter hook input priority 0; }}; add rule inet wall in ip saddr {Cluster.AddressOf(leads)} tcp dport 2377 drop")).Succeeded();
        try
        {
            CommandResult refused = await JoinAsync(await TokenAsync("manager"), Cluster.AddressOf(other), "--advertise-addr", Cluster.AddressOf(Outsider));
            AssertFails(refused, $"node {Cluster.AddressOf(Outsider)}:2377 does not answer within 5 s");
            Assert.Contains("let 2377/tcp through", refused.Error, StringComparison.Ordinal);
            Assert.Equal(before, await NodesAsync());
        }
        finally
        {
            await Cluster.InNodeAsync(Outsider, "nft", "delete table inet wall");
        }

        await Cluster.JoinAsync(Outsider, "manager", via: other);
        await Cluster.UntilReadyAsync([Outsider], via: 1, Limit);
        (await DockerAsync("node", "demote", "n4")).Succeeded();
        await Eventually.TrueAsync(async () => (await Cluster.DockerAsync(Outsider, "node", "ls")) is { Code: 1 } r && r.Error.Contains("not a swarm manager", StringComparison.Ordinal), Limit, () => "n4 to be a worker");
        await LeaveAndForgetAsync();
    });

    [Fact]
    public Task A_join_that_cannot_listen_is_refused_before_anybody_hears_of_it() => OnClusterAsync(async () =>
    {
        string before = await NodesAsync();
        AssertFails(await JoinAsync(await TokenAsync("worker"), Cluster.AddressOf(1), "--listen-addr", "192.0.2.1:2377"), "cannot listen on 192.0.2.1:2377");
        Assert.Equal(before, await NodesAsync());
    });

    [Fact]
    public Task A_join_that_meets_no_manager_says_what_it_met() => OnClusterAsync(async () =>
    {
        string token = await TokenAsync("worker");
        AssertFails(await JoinAsync(token, $"{Cluster.AddressOf(1)}:1"), $"nothing listens at {Cluster.AddressOf(1)}:1: is skepd running there");
        AssertFails(await JoinAsync(token, $"{Cluster.AddressOf(1)}:9323"), $"what listens at {Cluster.AddressOf(1)}:9323 is not a Skep manager");
        AssertFails(await JoinAsync(token, "no-such-host.invalid"), "the host name no-such-host.invalid does not resolve");
        AssertFails(await JoinAsync(token, "bad_host%:2377"), "invalid manager address");
    });

    [Fact]
    public Task No_command_takes_the_quorum_away_while_a_manager_is_silent() => OnClusterAsync(async () =>
    {
        const string Count = "2 of 3 managers answer; after this 1 of 2 would, and 2 are needed; bring back, or demote first, what does not answer: n3";
        await Cluster.SignalAsync(3, "skepd", "STOP");
        try
        {
            // Without a leader, if n3 was it, there is no answer for a moment.
            await Eventually.TrueAsync(async () => (await DockerAsync("node", "ls", "--filter", "name=n3", "--format", "{{.ManagerStatus}}")) is { Code: 0 } r && r.Out.Trim() == "Unreachable", Limit, () => "n3 to be silent");
            AssertFails(await Cluster.DockerAsync(1, "node", "demote", "n2"), Count);
            AssertFails(await Cluster.DockerAsync(2, "node", "demote", "n1"), Count);
            AssertFails(await Cluster.DockerAsync(2, "swarm", "leave", "--force"), Count);
            (await DockerAsync("network", "create", "-d", "overlay", "decided")).Succeeded();
            (await DockerAsync("network", "rm", "decided")).Succeeded();
        }
        finally
        {
            await Cluster.SignalAsync(3, "skepd", "CONT");
        }

        await Cluster.UntilReadyAsync([1, 2, 3], via: 1, Limit);
    });

    [Fact]
    public Task The_founder_demoted_and_promoted_again_is_a_manager_of_the_same_cluster() => OnClusterAsync(async () =>
    {
        string nodes = await NodesAsync();
        (await Cluster.DockerAsync(2, "node", "demote", "n1")).Succeeded();
        await Eventually.TrueAsync(async () => (await Cluster.DockerAsync(1, "node", "ls")) is { Code: 1 } r && r.Error.Contains("not a swarm manager", StringComparison.Ordinal), Limit, () => "n1 to be a worker");
        (await Cluster.DockerAsync(2, "node", "promote", "n1")).Succeeded();
        await Cluster.UntilReadyAsync([1, 2, 3], via: 2, Limit);
        await Eventually.TrueAsync(async () => (await Cluster.DockerAsync(1, "node", "ls", "-q")).Code == 0, Limit, () => "n1 to serve as a manager");
        Assert.Equal(nodes, await NodesAsync());
    });

    /// <summary>Its membership is over before it hears of the first command, and the second calls off its change of role: it has to find out by itself.</summary>
    [Fact]
    public Task A_manager_demoted_and_promoted_in_one_breath_comes_back_as_another_member() => OnClusterAsync(async () =>
    {
        (await Cluster.DockerAsync(2, "node", "demote", "n1")).Succeeded();
        await Eventually.TrueAsync(async () => (await Cluster.DockerAsync(2, "node", "promote", "n1")).Code == 0, Limit, () => "n1 to be promoted");
        await Cluster.UntilReadyAsync([1, 2, 3], via: 2, Limit);
        await Eventually.TrueAsync(async () => (await Cluster.DockerAsync(1, "node", "ls", "-q")) is { Code: 0, Lines.Length: 3 }, Limit, () => "n1 to serve as a manager");
        await Eventually.TrueAsync(async () => (await Cluster.DockerAsync(2, "node", "inspect", "n1", "--format", "{{.ManagerStatus.Reachability}}")).Out.Trim() == "reachable", Limit, () => "n1 to be a member");
    });

    [Fact]
    public Task A_drained_node_loses_its_tasks_a_paused_one_only_gets_no_more() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("moving", "--replicas", "3");
        await UntilRunningAsync(web, 3);
        string id = (await DockerAsync("node", "inspect", "n3", "--format", "{{.ID}}")).Succeeded().Out.Trim();
        try
        {
            (await DockerAsync("node", "update", "--availability", "drain", "n3")).Succeeded();
            await Eventually.TrueAsync(async () => await RunningAsync(web) is { Length: 3 } all && all.All(t => (string?)t["NodeID"] != id), Limit, () => "n3 to be empty");
            (await DockerAsync("node", "update", "--availability", "active", "n3")).Succeeded();
            (await DockerAsync("node", "update", "--availability", "pause", "n2")).Succeeded();
            int before = await CountOnAsync(web, "n2");
            (await DockerAsync("service", "scale", "-d", $"{web}=8")).Succeeded();
            await UntilRunningAsync(web, 8);
            Assert.Equal(before, await CountOnAsync(web, "n2"));
        }
        finally
        {
            await DockerAsync("node", "update", "--availability", "active", "n3");
            await DockerAsync("node", "update", "--availability", "active", "n2");
        }
    });

    private static void AssertFails(CommandResult result, string message)
    {
        Assert.Contains(message, result.Error);
        Assert.Equal(1, result.Code);
    }

    private async Task<int> CountOnAsync(string service, string node)
    {
        string id = (await DockerAsync("node", "inspect", node, "--format", "{{.ID}}")).Succeeded().Out.Trim();
        return (await RunningAsync(service)).Count(t => (string?)t["NodeID"] == id);
    }

    private async Task<string> TokenAsync(string role) => (await DockerAsync("swarm", "join-token", "-q", role)).Succeeded().Out.Trim();

    private async Task AssertJoinRefusedAsync(string token, string message)
    {
        AssertFails(await Cluster.DockerAsync(Outsider, "swarm", "join", "--token", token, "--advertise-addr", Cluster.AddressOf(Outsider), $"{Cluster.AddressOf(1)}:2377"), message);
        Assert.Contains("inactive", (await Cluster.DockerAsync(Outsider, "info", "--format", "{{.Swarm.LocalNodeState}}")).Succeeded().Out);
    }

    private Task<CommandResult> JoinAsync(string token, string remote, params string[] more) => Cluster.DockerAsync(Outsider, ["swarm", "join", "--token", token, .. more, remote]);

    /// <summary>Ids of the cluster's nodes, named or not.</summary>
    private async Task<string> NodesAsync() => string.Join(' ', (await DockerAsync("node", "ls", "-q")).Succeeded().Lines.Order(StringComparer.Ordinal));

    private async Task LeaveAndForgetAsync()
    {
        (await Cluster.DockerAsync(Outsider, "swarm", "leave")).Succeeded();
        await Eventually.EqualAsync("Down", async () => (await DockerAsync("node", "ls", "--filter", "name=n4", "--format", "{{.Status}}")).Succeeded().Out.Trim(), Limit, "status of n4");
        (await DockerAsync("node", "rm", "n4")).Succeeded();
    }
}
