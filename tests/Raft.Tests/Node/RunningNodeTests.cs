using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Testing;

namespace Skep.Raft.Tests;

/// <summary>Nodes on their own threads; only the clock is driven by the test, and no faster than every node follows.</summary>
public sealed class RunningNodeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private readonly ManualTimeProvider _time = new();
    private readonly List<RaftNode> _opened = [];

    private RaftNode Open(RaftNodeOptions options, IStateMachine machine, IRaftTransport net)
    {
        RaftNode node = RaftNode.Open(options, machine, net, _time, new Random(_opened.Count), NullLogger.Instance);
        _opened.Add(node);
        return node;
    }

    private static RaftNodeOptions Options(ulong id, IRaftFiles disk, RaftStart start) => new()
    {
        Id = id,
        NodeId = $"n{id}",
        Address = $"host{id}:1",
        DataKey = Key,
        Files = disk,
        Start = start,
        KnownPeers = [.. Enumerable.Range(1, 3).Select(i => new RaftMember((ulong)i, $"n{i}", $"host{i}:1", true))],
        SnapshotEntries = 500,
        KeepEntries = 50,
    };

    private async Task Until(Task task)
    {
        await Until(() => task.IsCompleted);
        await task;
    }

    /// <summary>Lets time pass. On a starved machine a clock that does not wait for the nodes would make them lose their leader, or a request its time.</summary>
    private async Task Until(Func<bool> condition)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, "not within the limit");
            if (_opened.TrueForAll(n => n.HasTakenTicks))
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
            }

            for (int i = 0; i < 200 && !condition(); i++)
            {
                await Task.Yield();
                Thread.SpinWait(200);
            }
        }
    }

    private static ValueTask<ProposalResult> Propose(RaftNode node, string text) => node.ProposeAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);

    [Fact]
    public async Task Three_running_nodes_apply_thousands_of_concurrent_proposals_once()
    {
        Net net = new();
        List<ListMachine> machines = [];
        List<Task> runs = [];
        using CancellationTokenSource stop = new();
        for (ulong id = 1; id <= 3; id++)
        {
            ListMachine machine = new();
            // A proposal that comes back inside a snapshot has no answer: who is behind here catches up by the log.
            RaftNodeOptions options = Options(id, new SimulatedDisk(), id == 1 ? RaftStart.Found : RaftStart.Join) with { KeepEntries = 4000 };
            RaftNode node = Open(options, machine, net);
            machines.Add(machine);
            net.Nodes[id] = node;
            runs.Add(node.RunAsync(stop.Token));
        }

        await Until(() => net.Nodes[1].IsLeader);
        foreach (ulong id in (ulong[])[2, 3])
        {
            RaftMember member = new(id, $"n{id}", $"host{id}:1", true);
            await Until(net.Nodes[1].ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.AddVoter, member), CancellationToken.None));
            await Until(() => net.Nodes[id].Status.Membership.Find(id) is not null);
        }

        List<Task<ProposalResult>> asked = [];
        for (int i = 0; i < 3000; i++)
        {
            asked.Add(Propose(net.Nodes[(ulong)(i % 3) + 1], $"p{i}").AsTask());
        }

        await Until(Task.WhenAll(asked));
        ulong applied = net.Nodes[1].Status.Applied;
        await Until(() => net.Nodes.Values.All(n => n.Status.Applied >= applied));
        await stop.CancelAsync();
        await Task.WhenAll(runs).WaitAsync(Limit);
        Assert.All(machines, m => Assert.Equal(3000, m.Items.Distinct().Count()));
        Assert.All(machines, m => Assert.Equal(machines[0].Items, m.Items));
        foreach (RaftNode node in net.Nodes.Values)
        {
            await node.DisposeAsync();
            await Assert.ThrowsAsync<RaftUnavailableException>(() => Propose(node, "late").AsTask());
        }
    }

    [Fact]
    public async Task A_failed_sync_stops_the_node_with_the_reason_and_answers_nothing_wrong()
    {
        SimulatedDisk disk = new();
        await using RaftNode node = Open(Options(1, disk, RaftStart.Found), new ListMachine(), new Net());
        Task run = node.RunAsync(CancellationToken.None);
        await Until(() => node.IsLeader);
        await Until(Propose(node, "kept").AsTask());

        disk.FailNextSync = true;
        var lost = await Assert.ThrowsAsync<RaftUnavailableException>(() => Propose(node, "lost").AsTask().WaitAsync(Limit));
        Assert.Contains("Input/output error", lost.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => run.WaitAsync(Limit));
        await Assert.ThrowsAsync<RaftUnavailableException>(() => node.ReadIndexAsync(CancellationToken.None).AsTask());

        disk.LosePower();
        ListMachine machine = new();
        await using RaftNode again = Open(Options(1, disk, RaftStart.Join), machine, new Net());
        using CancellationTokenSource stop = new();
        Task rerun = again.RunAsync(stop.Token);
        await Until(() => again.IsLeader && again.Status.Applied == again.Status.LastIndex);
        await stop.CancelAsync();
        await rerun.WaitAsync(Limit);
        Assert.Equal(["kept"], machine.Items);
    }

    [Fact]
    public async Task A_disk_too_full_for_a_snapshot_stops_the_node()
    {
        SimulatedDisk disk = new();
        await using RaftNode node = Open(Options(1, disk, RaftStart.Found) with { SnapshotEntries = 10 }, new ListMachine(), new Net());
        Task run = node.RunAsync(CancellationToken.None);
        await Until(() => node.IsLeader);
        disk.CapacityBytes = 1;
        var asked = Enumerable.Range(0, 20).Select(i => Propose(node, $"p{i}").AsTask()).ToList();
        IOException reason = await Assert.ThrowsAsync<IOException>(() => run.WaitAsync(Limit));
        Assert.Contains("No space left", reason.Message, StringComparison.Ordinal);
        Assert.All(asked, t => Assert.True(t.IsCompleted));
    }

    [Fact]
    public async Task A_node_refuses_to_start_from_a_damaged_snapshot_or_with_another_key()
    {
        SimulatedDisk disk = new();
        RaftNodeOptions options = Options(1, disk, RaftStart.Found);
        RaftNode Start(RaftNodeOptions o) => Open(o, new ListMachine(), new Net());
        await Start(options).DisposeAsync();
        Assert.Throws<WrongKeyException>(() => Start(options with { DataKey = new byte[32] }));

        string snapshot = disk.List().Single(n => n.EndsWith(".snap", StringComparison.Ordinal));
        disk.Patch(snapshot, b => { b[^3] ^= 4; return b; });
        Assert.Equal(snapshot, Assert.Throws<CorruptSnapshotException>(() => Start(options)).File);

        disk.Delete(snapshot);
        Assert.Contains("missing", Assert.Throws<CorruptSnapshotException>(() => Start(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_that_is_not_wanted_or_breaks_off_keeps_no_sender_waiting()
    {
        SimulatedDisk disk = new();
        await using RaftNode node = Open(Options(1, disk, RaftStart.Found), new ListMachine(), new Net());
        using CancellationTokenSource stop = new();
        Task run = node.RunAsync(stop.Token);
        await Until(() => node.IsLeader);
        SnapshotMeta old = new(1, 1, node.Status.Membership);
        Pipe pipe = new();
        Task receiving = node.ReceiveSnapshotAsync(new Message(MessageKind.Snapshot, 2, 1, 1) { Snapshot = old }, pipe.Reader.AsStream(), CancellationToken.None);
        for (int i = 0; i < 100; i++)
        {
            await pipe.Writer.WriteAsync(new byte[10_000]).AsTask().WaitAsync(Limit);
        }

        await receiving.WaitAsync(Limit);
        await Assert.ThrowsAsync<InvalidDataException>(() => node.ReceiveSnapshotAsync(
            new Message(MessageKind.Snapshot, 2, 1, 9) { Snapshot = old with { Index = 999 } }, new MemoryStream(new byte[100]), CancellationToken.None));
        Assert.Equal(1, disk.List().Count(n => n.StartsWith("snapshot", StringComparison.Ordinal)));
        await stop.CancelAsync();
        await run.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_node_on_a_real_disk_remembers()
    {
        string path = Path.Combine(Path.GetTempPath(), $"skt-raft-{Environment.ProcessId}-{nameof(RunningNodeTests)}");
        try
        {
            for (int start = 0; start < 3; start++)
            {
                ListMachine machine = new();
                using DiskRaftFiles files = DiskRaftFiles.OpenDirectory(path);
                await using RaftNode node = Open(Options(1, files, RaftStart.Found), machine, new Net());
                using CancellationTokenSource stop = new();
                Task run = node.RunAsync(stop.Token);
                await Until(() => node.IsLeader);
                await Until(Task.WhenAll(Enumerable.Range(0, 700).Select(i => Propose(node, $"{start}-{i}").AsTask())));
                await stop.CancelAsync();
                await run.WaitAsync(Limit);
                Assert.Equal((start + 1) * 700, machine.Items.Distinct().Count());
            }
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Hands messages over at once, on the sender's thread.</summary>
    private sealed class Net : IRaftTransport
    {
        public ConcurrentDictionary<ulong, RaftNode> Nodes { get; } = [];

        public void Send(RaftMember to, ImmutableArray<Message> messages)
        {
            if (Nodes.TryGetValue(to.Id, out RaftNode? node))
            {
                foreach (Message message in messages)
                {
                    node.Receive(message);
                }
            }
        }

        public Task SendSnapshotAsync(RaftMember to, Message snapshotMessage, Stream data, CancellationToken ct) =>
            Nodes[to.Id].ReceiveSnapshotAsync(snapshotMessage, data, ct);

        public void MembershipChanged(Membership members)
        {
        }
    }
}
