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
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"skt-micro-raft-{Environment.ProcessId}");
    private readonly byte[] _data = new byte[256];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<DiskRaftFiles> _files = [];
    private readonly List<Task> _runs = [];
    private readonly Direct _net = new();
    private RaftNode? _proposer;

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
            DiskRaftFiles disk = DiskRaftFiles.OpenDirectory(Path.Combine(_path, member.NodeId));
            _files.Add(disk);
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
            RaftNode node = RaftNode.Open(options, new Nothing(), _net, TimeProvider.System, new Random((int)member.Id), NullLogger.Instance);
            _net.Nodes[member.Id] = node;
            _runs.Add(node.RunAsync(_stop.Token));
        }

        await foreach (RaftStatus status in _net.Nodes[1].WatchLeadership(CancellationToken.None))
        {
            if (status.Role == RaftRole.Leader)
            {
                break;
            }
        }

        foreach (RaftMember member in members.Skip(1))
        {
            await _net.Nodes[1].ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.AddVoter, member), CancellationToken.None);
        }

        _proposer = _net.Nodes[Via == "leader" ? 1ul : 2ul];
        await _proposer.ProposeAsync(_data, CancellationToken.None);
    }

    [Benchmark(OperationsPerInvoke = Proposals)]
    public void Propose() => Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
    {
        for (int i = 0; i < Proposals / InFlight; i++)
        {
            await _proposer!.ProposeAsync(_data, CancellationToken.None);
        }
    }))).GetAwaiter().GetResult();

    private async Task CleanupAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_runs);
        foreach (RaftNode node in _net.Nodes.Values)
        {
            await node.DisposeAsync();
        }

        _files.ForEach(f => f.Dispose());
        Directory.Delete(_path, recursive: true);
        _stop.Dispose();
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
