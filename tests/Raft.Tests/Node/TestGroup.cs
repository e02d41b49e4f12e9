using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Raft.Codec;
using Skep.Testing;

namespace Skep.Raft.Tests;

/// <summary>Several nodes on simulated disks and a simulated network, driven by hand on one thread: nothing happens outside <see cref="Settle"/>.</summary>
internal sealed class TestGroup(int seed = 1) : IDisposable
{
    private const int MaxSteps = 20_000;
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private readonly Random _chance = new(seed);
    private readonly SortedDictionary<ulong, TestNode> _nodes = [];

    public ManualTimeProvider Time { get; } = new();

    public IEnumerable<TestNode> Running => _nodes.Values.Where(n => n.Node is not null);

    public double LossRate { get; set; }

    public double DoubleRate { get; set; }

    /// <summary>Members whose messages go nowhere.</summary>
    public HashSet<ulong> CutOff { get; } = [];

    public TestNode this[ulong id] => _nodes[id];

    public TestNode? Leader => Running.Where(n => n.Node!.IsLeader && !CutOff.Contains(n.Id)).MaxBy(n => n.Node!.Status.Term);

    public TestNode Start(ulong id, RaftStart start, Func<RaftNodeOptions, RaftNodeOptions>? configure = null)
    {
        if (!_nodes.TryGetValue(id, out TestNode? node))
        {
            node = new TestNode(id, this) { Configure = configure ?? (o => o) };
            _nodes.Add(id, node);
        }

        RaftNodeOptions options = node.Configure(new RaftNodeOptions
        {
            Id = id,
            NodeId = $"n{id}",
            Address = $"host{id}:1",
            DataKey = Key,
            Files = node.Disk,
            Start = start,
            KnownPeers = [.. _nodes.Keys.Select(k => new RaftMember(k, $"n{k}", $"host{k}:1", true))],
            InlineBackground = true,
        });
        node.Machine = new ListMachine();
        node.Node = RaftNode.Open(options, node.Machine, node, Time, new Random(_chance.Next()), NullLogger.Instance);
        return node;
    }

    /// <summary>A group of <paramref name="voters"/>, with a leader, every node having joined as a learner.</summary>
    public static TestGroup Of(int voters, int seed = 1, Func<RaftNodeOptions, RaftNodeOptions>? configure = null)
    {
        TestGroup group = new(seed);
        group.Start(1, RaftStart.Found, configure);
        group.Until(() => group.Leader is not null, "a leader");
        for (ulong id = 2; id <= (ulong)voters; id++)
        {
            group.Join(id, configure);
        }

        return group;
    }

    public void Join(ulong id, Func<RaftNodeOptions, RaftNodeOptions>? configure = null)
    {
        Start(id, RaftStart.Join, configure);
        RaftMember member = new(id, $"n{id}", $"host{id}:1", true);
        Finish(Leader!.Node!.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.AddLearner, member), CancellationToken.None));
        Finish(Leader!.Node!.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Promote, member), CancellationToken.None));
    }

    /// <summary>The power goes: what was not synced is lost, except sectors that chance keeps.</summary>
    public void Crash(ulong id, bool torn = false)
    {
        TestNode node = _nodes[id];
        node.Disk.LosePower(_ => torn && _chance.Next(2) == 0);
        Stop(id);
    }

    public void Stop(ulong id)
    {
        TestNode node = _nodes[id];
        Assert.True(node.Node!.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10)));
        node.Node = null;
    }

    public TestNode Restart(ulong id) => Start(id, RaftStart.Join);

    /// <summary>Lets everything happen that needs no time.</summary>
    public void Settle()
    {
        for (int step = 0; step < MaxSteps; step++)
        {
            bool worked = false;
            foreach (TestNode node in Running.ToList())
            {
                worked |= Turn(node);
            }

            if (!worked)
            {
                return;
            }
        }

        Assert.Fail("the group never comes to rest");
    }

    /// <summary>One turn of one node's loop.</summary>
    public bool Turn(TestNode node)
    {
        try
        {
            return node.Node!.Pump();
        }
        catch (IOException) when (node.CrashesOnDiskError)
        {
            Crash(node.Id, torn: true);
            return true;
        }
    }

    public void Tick(int ticks = 1)
    {
        for (int i = 0; i < ticks; i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            foreach (TestNode node in Running)
            {
                node.Node!.TickDue();
            }

            Settle();
        }
    }

    public void Until(Func<bool> condition, string what, int maxTicks = 300)
    {
        Settle();
        for (int i = 0; i < maxTicks && !condition(); i++)
        {
            Tick();
        }

        Assert.True(condition(), $"still missing after {maxTicks} ticks: {what}; " + string.Join("; ", Running.Select(n => n.Node!.Status)));
    }

    public T Finish<T>(Task<T> task)
    {
        Finish((Task)task);
        return task.Result;
    }

    public void Finish(Task task)
    {
        Until(() => task.IsCompleted, "an answer");
        task.GetAwaiter().GetResult();
    }

    public static Task<ProposalResult> Propose(TestNode node, string text) =>
        node.Node!.ProposeAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None).AsTask();

    /// <summary>All running members have applied the same, which includes each of <paramref name="expected"/> once.</summary>
    public void AssertSame(IEnumerable<string> expected)
    {
        TestNode first = Running.First();
        Until(() => Running.All(n => n.Machine.Items.SequenceEqual(first.Machine.Items)) && expected.All(first.Machine.Items.Contains), "equal states");
        Assert.Equal(first.Machine.Items.Count, first.Machine.Items.Distinct().Count());
    }

    public void Dispose()
    {
        foreach (TestNode node in Running.ToList())
        {
            Stop(node.Id);
        }
    }

    private void Deliver(ulong from, ulong to, Message message)
    {
        if (CutOff.Contains(from) || CutOff.Contains(to) || !_nodes.TryGetValue(to, out TestNode? target) || target.Node is null)
        {
            return;
        }

        for (int copies = _chance.NextDouble() < DoubleRate ? 2 : 1; copies > 0; copies--)
        {
            if (_chance.NextDouble() >= LossRate)
            {
                target.Node.Receive(MessageCodec.Decode(MessageCodec.Encode(message)));
            }
        }
    }

    internal sealed class TestNode(ulong id, TestGroup group) : IRaftTransport
    {
        public ulong Id { get; } = id;

        public SimulatedDisk Disk { get; } = new();

        public ListMachine Machine { get; set; } = new();

        public RaftNode? Node { get; set; }

        public Membership Members { get; private set; } = Membership.Empty;

        /// <summary>A sync that fails stands for power lost in the middle of a write.</summary>
        public bool CrashesOnDiskError { get; set; }

        public int SnapshotsSent { get; private set; }

        public required Func<RaftNodeOptions, RaftNodeOptions> Configure { get; init; }

        public void Send(RaftMember to, ImmutableArray<Message> messages)
        {
            foreach (Message message in messages)
            {
                group.Deliver(Id, to.Id, message);
            }
        }

        public Task SendSnapshotAsync(RaftMember to, Message snapshotMessage, Stream data, CancellationToken ct)
        {
            SnapshotsSent++;
            if (group.CutOff.Contains(to.Id) || group.CutOff.Contains(Id) || group[to.Id].Node is not { } target)
            {
                throw new IOException("unreachable");
            }

            return target.ReceiveSnapshotAsync(MessageCodec.Decode(MessageCodec.Encode(snapshotMessage)), data, ct);
        }

        public void MembershipChanged(Membership members) => Members = members;
    }
}
