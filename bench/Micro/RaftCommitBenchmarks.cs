using System.Collections.Concurrent;
using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Raft;

namespace Skep.Micro;

/// <summary>Time per proposal of 256 bytes, from asking to applied: three nodes in one process, each with its own log on the same disk.</summary>
[MemoryDiagnoser]
public class RaftCommitBenchmarks
{
    private const int Proposals = 4096;
    private readonly string path = Path.Combine(Path.GetTempPath(), $"skt-micro-raft-{Environment.ProcessId}");
    private readonly byte[] data = new byte[256];
    private readonly CancellationTokenSource stop = new();
    private readonly List<DiskRaftFiles> files = [];
    private readonly List<Task> runs = [];
    private readonly Direct net = new();
    private RaftNode? proposer;

    [Params(1, 64, 512)]
    public int InFlight { get; set; }

    [Params("leader", "follower")]
    public string Via { get; set; } = "leader";

    // The in-process toolchain does not wait for tasks.
    [GlobalSetup]
    public void Setup() => SetupAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Cleanup() => CleanupAsync().GetAwaiter().GetResult();

    private async Task SetupAsync()
    {
        RaftMember[] members = [.. Enumerable.Range(1, 3).Select(i => new RaftMember((ulong)i, $"n{i}", $"host{i}:1", true))];
        foreach (RaftMember member in members)
        {
            DiskRaftFiles disk = DiskRaftFiles.OpenDirectory(Path.Combine(path, member.NodeId));
            files.Add(disk);
            RaftNodeOptions options = new()
            {
                Id = member.Id,
                NodeId = member.NodeId,
                Address = member.Address,
                DataKey = new byte[32],
                Files = disk,
                Start = member.Id == 1 ? RaftStart.Found : RaftStart.Join,
                KnownPeers = [.. members],
            };
            RaftNode node = RaftNode.Open(options, new Nothing(), net, TimeProvider.System, new Random((int)member.Id), NullLogger.Instance);
            net.Nodes[member.Id] = node;
            runs.Add(node.RunAsync(stop.Token));
        }

        await foreach (RaftStatus status in net.Nodes[1].WatchLeadership(CancellationToken.None))
        {
            if (status.Role == RaftRole.Leader)
            {
                break;
            }
        }

        foreach (RaftMember member in members.Skip(1))
        {
            await net.Nodes[1].ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.AddVoter, member), CancellationToken.None);
        }

        proposer = net.Nodes[Via == "leader" ? 1ul : 2ul];
        await proposer.ProposeAsync(data, CancellationToken.None);
    }

    [Benchmark(OperationsPerInvoke = Proposals)]
    public void Propose() => Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
    {
        for (int i = 0; i < Proposals / InFlight; i++)
        {
            await proposer!.ProposeAsync(data, CancellationToken.None);
        }
    }))).GetAwaiter().GetResult();

    private async Task CleanupAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(runs);
        foreach (RaftNode node in net.Nodes.Values)
        {
            await node.DisposeAsync();
        }

        files.ForEach(f => f.Dispose());
        Directory.Delete(path, recursive: true);
        stop.Dispose();
    }

    private sealed class Nothing : IStateMachine, IStateSnapshot
    {
        public object? Apply(ulong index, ReadOnlyMemory<byte> data) => null;

        public IStateSnapshot Capture() => this;

        public void Restore(Stream snapshot, ulong index)
        {
        }

        public void WriteTo(Stream destination)
        {
        }
    }

    private sealed class Direct : IRaftTransport
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
