namespace Skep.Raft.Tests;

public sealed class RaftNodeTests
{
    private static string[] Texts(string prefix, int count) => [.. Enumerable.Range(0, count).Select(i => $"{prefix}{i}")];

    private static string MessageOf(Task task) => Assert.IsType<RaftUnavailableException>(task.Exception!.InnerException).Message;

    [Fact]
    public void A_founder_leads_alone_and_remembers_after_power_loss()
    {
        using TestGroup group = TestGroup.Of(1);
        for (int i = 0; i < 5; i++)
        {
            ProposalResult result = group.Finish(TestGroup.Propose(group[1], $"v{i}"));
            Assert.Equal(i + 1, result.Value);
        }

        group.Crash(1);
        group.Restart(1);
        group.Until(() => group.Leader is not null, "a leader");
        Assert.Equal(Texts("v", 5), group[1].Machine.Items);
    }

    [Fact]
    public void Every_member_may_propose_and_gets_its_own_result()
    {
        using TestGroup group = TestGroup.Of(3);
        var tasks = group.Running.SelectMany(n => Texts($"{n.Id}-", 50).Select(t => TestGroup.Propose(n, t))).ToList();
        foreach (var task in tasks)
        {
            group.Finish(task);
        }

        Assert.Equal(Enumerable.Range(1, 150), tasks.Select(t => (int)t.Result.Value!).Order());
        group.AssertSame([.. Texts("1-", 50), .. Texts("2-", 50), .. Texts("3-", 50)]);
    }

    [Fact]
    public void A_thousand_concurrent_proposals_share_a_handful_of_syncs()
    {
        using TestGroup group = TestGroup.Of(3);
        group.Tick(5);
        int[] before = [.. group.Running.Select(n => n.Disk.Syncs)];
        var tasks = Texts("p", 1000).Select(t => TestGroup.Propose(group.Leader!, t)).ToList();
        group.Settle();
        Assert.All(tasks, t => Assert.True(t.IsCompletedSuccessfully));
        Assert.All(group.Running.Zip(before), p => Assert.InRange(p.First.Disk.Syncs - p.Second, 1, 4));
    }

    [Fact]
    public void Proposals_survive_the_leader_exactly_once()
    {
        using TestGroup group = TestGroup.Of(3);
        var old = group.Leader!;
        var followers = group.Running.Where(n => n != old).ToList();
        var tasks = followers.SelectMany(n => Texts($"{n.Id}-", 100).Select(t => TestGroup.Propose(n, t))).ToList();

        // The proposals reach the leader, which replicates them; it is gone before anyone hears of a commit.
        followers.ForEach(n => n.Node!.Pump());
        old.Node!.Pump();
        followers[0].Node!.Pump();
        group.Crash(old.Id);
        foreach (var task in tasks)
        {
            group.Finish(task);
        }

        group.Restart(old.Id);
        group.AssertSame(followers.SelectMany(n => Texts($"{n.Id}-", 100)));
        Assert.Equal(200, group.Leader!.Machine.Items.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Nothing_answered_is_lost_and_nothing_is_applied_twice_under_crashes_and_loss(int seed)
    {
        using TestGroup group = TestGroup.Of(3, seed, o => o with { SnapshotEntries = 40, KeepEntries = 10, SegmentBytes = 4096 });
        Random random = new(seed);
        group.LossRate = 0.1;
        group.DoubleRate = 0.1;
        List<(string Text, Task<ProposalResult> Task)> asked = [];
        for (int round = 0; round < 120; round++)
        {
            var running = group.Running.ToList();
            for (int i = 0; i < 5 && running.Count > 0; i++)
            {
                var node = running[random.Next(running.Count)];
                string text = $"r{round}-{i}";
                asked.Add((text, TestGroup.Propose(node, text)));
            }

            if (running.Count == 3 && random.Next(8) == 0)
            {
                group.Turn(running[random.Next(3)]);
                if (running[random.Next(3)] is { Node: not null } victim)
                {
                    group.Crash(victim.Id, torn: true);
                }
            }
            else if (running.Count == 3 && random.Next(8) == 0)
            {
                var torn = running[random.Next(3)];
                torn.CrashesOnDiskError = true;
                torn.Disk.FailNextSync = true;
            }
            else if (running.Count < 3 && random.Next(2) == 0)
            {
                group.Restart(Enumerable.Range(1, 3).Select(i => (ulong)i).First(id => running.All(n => n.Id != id)));
            }

            group.Tick(random.Next(3));
        }

        group.LossRate = 0;
        foreach (var node in group.Running)
        {
            node.Disk.FailNextSync = false;
        }

        foreach (ulong id in (ulong[])[1, 2, 3])
        {
            if (group[id].Node is null)
            {
                group.Restart(id);
            }
        }

        group.Until(() => asked.All(a => a.Task.IsCompleted), "all answers");
        var done = asked.Where(a => a.Task.IsCompletedSuccessfully).Select(a => a.Text).ToList();

        // A caller whose node crashed cannot be answered. Everyone else waits for the survivors, and nearly always successfully.
        var refusals = asked.Where(a => a.Task.IsFaulted).Select(a => MessageOf(a.Task)).Where(m => m != "the node has stopped").ToList();
        int late = refusals.Count(m => m.Contains("not done in time", StringComparison.Ordinal));
        Assert.True(late <= asked.Count / 50, $"{late} of {asked.Count} late: {refusals.FirstOrDefault(m => m.Contains("in time", StringComparison.Ordinal))}");
        Assert.True(done.Count >= 100, $"{done.Count} of {asked.Count}");
        group.AssertSame(done);
    }

    [Fact]
    public void A_follower_that_missed_the_compacted_log_gets_a_snapshot()
    {
        using TestGroup group = TestGroup.Of(3, configure: o => o with { SnapshotEntries = 100, KeepEntries = 10, SegmentBytes = 4096 });
        ulong lagging = group.Running.First(n => n != group.Leader).Id;
        group.Stop(lagging);
        foreach (string text in Texts("v", 500))
        {
            group.Finish(TestGroup.Propose(group.Leader!, text));
        }

        int sent = group.Leader!.SnapshotsSent;
        group.Restart(lagging);
        group.AssertSame(Texts("v", 500));
        Assert.True(group.Leader!.SnapshotsSent > sent);
        Assert.Equal(2, group[lagging].Machine.Restores); // its own, then the leader's

        group.Crash(lagging);
        group.Restart(lagging);
        group.AssertSame(Texts("v", 500));
        Assert.InRange(group.Leader!.Disk.List().Count(n => n.EndsWith(".wal", StringComparison.Ordinal)), 1, 6);
        Assert.Equal(2, group.Leader!.Disk.List().Count(n => n.EndsWith(".snap", StringComparison.Ordinal)));
    }

    [Fact]
    public void Members_are_added_promoted_and_removed_also_through_a_follower()
    {
        using TestGroup group = TestGroup.Of(2);
        group.Start(3, RaftStart.Join);
        RaftNode follower = group.Running.First(n => n != group.Leader && n.Id != 3).Node!;
        RaftMember third = new(3, "n3", "host3:1", true);
        group.Finish(follower.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.AddLearner, third), CancellationToken.None));
        group.Finish(TestGroup.Propose(group[1], "a"));
        group.AssertSame(["a"]);
        Assert.Equal(RaftRole.Learner, group[3].Node!.Status.Role);

        group.Finish(follower.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Promote, third), CancellationToken.None));
        group.Tick(2);
        Assert.Equal(3, group[3].Members.Voters.Count());

        group.Finish(group.Leader!.Node!.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Remove, third), CancellationToken.None));
        Assert.Null(group.Leader!.Members.Find(3));
        Task again = group.Leader!.Node!.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Remove, third), CancellationToken.None);
        group.Until(() => again.IsCompleted, "a refusal");
        Assert.IsType<MembershipRefusedException>(again.Exception!.InnerException);
    }

    [Fact]
    public void A_read_on_any_member_sees_what_was_written_before_it()
    {
        using TestGroup group = TestGroup.Of(3);
        group.Finish(TestGroup.Propose(group.Leader!, "x"));
        foreach (var node in group.Running)
        {
            ulong index = group.Finish(node.Node!.ReadIndexAsync(CancellationToken.None).AsTask());
            Assert.True(node.Machine.LastIndex >= group.Leader!.Machine.LastIndex);
            Assert.True(index >= node.Machine.LastIndex);
        }
    }

    [Fact]
    public void A_read_outlives_its_leader()
    {
        using TestGroup group = TestGroup.Of(3);
        var old = group.Leader!;
        var reader = group.Running.First(n => n != old);
        var read = reader.Node!.ReadIndexAsync(CancellationToken.None).AsTask();
        reader.Node!.Pump();
        group.Crash(old.Id);
        Assert.True(group.Finish(read) > 0);
    }

    [Fact]
    public void A_cut_off_leader_does_not_serve_reads()
    {
        using TestGroup group = TestGroup.Of(3);
        var old = group.Leader!;
        group.CutOff.Add(old.Id);
        var read = old.Node!.ReadIndexAsync(CancellationToken.None).AsTask();
        group.Until(() => read.IsCompleted, "an answer");
        Assert.StartsWith("the read was not done in time: no leader for", MessageOf(read), StringComparison.Ordinal);
    }

    [Fact]
    public void The_limit_says_what_was_missing()
    {
        using TestGroup group = TestGroup.Of(3);
        var left = group.Leader!;
        foreach (ulong id in group.Running.Where(n => n != left).Select(n => n.Id).ToList())
        {
            group.Stop(id);
        }

        var proposal = TestGroup.Propose(left, "x");
        group.Until(() => proposal.IsCompleted, "an answer");
        Assert.Contains("no leader for", MessageOf(proposal), StringComparison.Ordinal);
    }

    [Fact]
    public void The_limit_says_how_many_other_voters_answer()
    {
        using TestGroup group = TestGroup.Of(3, configure: o => o with { RequestLimit = TimeSpan.FromMilliseconds(300) });
        var leader = group.Leader!;
        group.CutOff.UnionWith(group.Running.Where(n => n != leader).Select(n => n.Id));
        group.Until(() => leader.Node!.Status.Peers.Count(p => p.RecentlyActive) == 1, "a leader that hears nobody and does not know what that means yet");
        var proposal = TestGroup.Propose(leader, "x");
        group.Until(() => proposal.IsCompleted, "an answer");
        Assert.Contains("this node leads, 0 of 2 other voters answer", MessageOf(proposal), StringComparison.Ordinal);
    }

    [Fact]
    public void A_proposal_can_be_given_up()
    {
        using TestGroup group = new();
        group.Start(1, RaftStart.Join);
        using CancellationTokenSource cts = new();
        var proposal = group[1].Node!.ProposeAsync(new byte[1], cts.Token).AsTask();
        group.Tick();
        cts.Cancel();
        Assert.True(proposal.IsCanceled);
        group.Tick(150);
    }

    [Fact]
    public void Leadership_is_handed_over_on_request()
    {
        using TestGroup group = TestGroup.Of(3);
        var old = group.Leader!;
        ulong to = group.Running.First(n => n != old).Id;
        group.Finish(old.Node!.TransferLeadershipAsync(to, CancellationToken.None));
        group.Until(() => group.Leader?.Id == to, "the new leader");

        group.Finish(group[to].Node!.TransferLeadershipAsync(0, CancellationToken.None));
        group.Until(() => group.Leader is { } now && now.Id != to, "another leader");
        Task refused = group[to].Node!.TransferLeadershipAsync(0, CancellationToken.None);
        group.Until(() => refused.IsCompleted, "a refusal");
        Assert.IsType<MembershipRefusedException>(refused.Exception!.InnerException);
    }

    [Fact]
    public async Task Watchers_see_leadership_come_and_go()
    {
        using TestGroup group = new();
        group.Start(1, RaftStart.Found);
        await using var watch = group[1].Node!.WatchLeadership(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(RaftRole.Follower, watch.Current.Role);
        group.Until(() => group.Leader is not null, "a leader");
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(RaftRole.Leader, watch.Current.Role);
    }

    [Fact]
    public void One_survivor_makes_a_new_cluster_with_everything_it_has()
    {
        using TestGroup group = TestGroup.Of(3);
        foreach (string text in Texts("v", 20))
        {
            group.Finish(TestGroup.Propose(group[2], text));
        }

        group.Crash(1);
        group.Crash(3);
        group.Crash(2);
        group.Start(2, RaftStart.ForceNewCluster);
        group.Until(() => group.Leader?.Id == 2, "a leader");
        Assert.Equal(Texts("v", 20), group[2].Machine.Items);
        Assert.Equal(2ul, Assert.Single(group[2].Members.Members).Id);
        group.Finish(TestGroup.Propose(group[2], "after"));

        group.Crash(2);
        group.Restart(2);
        group.Until(() => group.Leader?.Id == 2, "a leader after an ordinary restart");
        Assert.Equal([.. Texts("v", 20), "after"], group[2].Machine.Items);
    }

    [Fact]
    public void A_running_member_follows_another_policy_of_snapshots()
    {
        using TestGroup group = TestGroup.Of(1);
        using SnapshotStore store = new(group[1].Disk, [.. Enumerable.Range(1, 32).Select(i => (byte)i)]);
        Fill("v");
        Assert.Single(store.List()); // The founding one.

        group[1].Node!.Follow(new SnapshotPolicy(10, KeepEntries: 5, OldSnapshots: 2) { IsStrict = true });
        Fill("w");
        Assert.Equal(3, store.List().Count);
        Assert.Equal(10ul, store.List()[2].Index - store.List()[1].Index);

        void Fill(string prefix)
        {
            foreach (string text in Texts(prefix, 55))
            {
                group.Finish(TestGroup.Propose(group[1], text));
            }
        }
    }

    [Fact]
    public void Proposal_ids_travel_in_snapshots()
    {
        using TestGroup group = TestGroup.Of(1, configure: o => o with { SnapshotEntries = 10 });
        foreach (string text in Texts("v", 35))
        {
            group.Finish(TestGroup.Propose(group[1], text));
        }

        // Repeats an applied entry, as a late duplicate would: the same id and bytes.
        ProposalId first = default;
        RecentProposals recent = new();
        using (SnapshotStore store = new(group[1].Disk, [.. Enumerable.Range(1, 32).Select(i => (byte)i)]))
        {
            (ulong index, ulong term) = store.List()[^1];
            using SnapshotReader reader = store.OpenRead(index, term);
            recent.Restore(reader);
            byte[] encoded = recent.Encode().ToArray();
            first = ProposalId.Read(encoded.AsSpan(8));
        }

        Assert.True(recent.Contains(first));
        Assert.False(recent.TryAdd(first));
        group.Crash(1);
        group.Restart(1);
        group.Until(() => group.Leader is not null, "a leader");
        Assert.Equal(Texts("v", 35), group[1].Machine.Items);
    }

    [Fact]
    public void The_oldest_proposal_ids_are_forgotten_in_order()
    {
        RecentProposals recent = new();
        for (uint i = 0; i <= RecentProposals.Capacity; i++)
        {
            Assert.True(recent.TryAdd(new ProposalId(1, 2, i)));
        }

        Assert.False(recent.Contains(new ProposalId(1, 2, 0)));
        Assert.True(recent.Contains(new ProposalId(1, 2, 1)));
        RecentProposals copy = new();
        copy.Restore(new MemoryStream(recent.Encode().ToArray()));
        Assert.Equal(recent.Encode().ToArray(), copy.Encode().ToArray());
    }
}
