using Microsoft.Extensions.Logging.Abstractions;
using Skep.Bench.Consensus.Members;
using Skep.Raft;

namespace Skep.Bench.Consensus.Engines;

/// <summary>Our own: log encrypted and flushed by every member before it acknowledges.</summary>
internal sealed class RaftNodeEngine : IEngine
{
    private readonly DiskRaftFiles _files;
    private readonly LoopbackTransport _transport;
    private readonly RaftNode _node;
    private readonly CancellationTokenSource _stop = new();

    private RaftNodeEngine(MemberOptions member)
    {
        RaftMember[] members = [.. member.Ports.Select((port, i) => new RaftMember((ulong)i + 1, $"n{i + 1}", MemberOptions.EndPointAt(port).ToString(), IsVoter: true))];
        RaftMember self = members[member.Id - 1];
        bool fresh = !Directory.EnumerateFileSystemEntries(member.Directory).Any();
        _files = DiskRaftFiles.OpenDirectory(member.Directory);
        _transport = new LoopbackTransport(member.Ports[member.Id - 1]);
        var options = new RaftNodeOptions
        {
            Id = self.Id,
            NodeId = self.NodeId,
            Address = self.Address,
            DataKey = new byte[32],
            Files = _files,
            Start = member.Id == 1 ? RaftStart.Found : RaftStart.Join,
            KnownPeers = [.. members],
        };
        _node = RaftNode.Open(options, new NumberMachine(Log), _transport, TimeProvider.System, new Random(Environment.ProcessId), NullLogger.Instance);
        Ended = RunAsync(member.Id == 1 && fresh ? members[1..] : [], _stop.Token);
    }

    public bool IsLeader => _node.IsLeader;

    public int Voters => _node.Status.Membership.Voters.Count();

    public NumberLog Log { get; } = new();

    public Task Ended { get; }

    public static RaftNodeEngine Start(MemberOptions member) => new(member);

    public ValueTask ProposeAsync(ReadOnlyMemory<byte> command) => new(_node.ProposeAsync(command, CancellationToken.None).AsTask());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _node.DisposeAsync();
        _files.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(RaftMember[] others, CancellationToken ct)
    {
        Task running = _node.RunAsync(ct), serving = _transport.ServeAsync(_node, ct), gathering = GatherAsync(others, ct);
        if (await Task.WhenAny(running, serving, gathering) == gathering)
        {
            await gathering;
        }

        await await Task.WhenAny(running, serving);
    }

    /// <summary>The founder takes the others in.</summary>
    private async Task GatherAsync(RaftMember[] others, CancellationToken ct)
    {
        if (others is [])
        {
            return;
        }

        await foreach (RaftStatus status in _node.WatchLeadership(ct))
        {
            if (status.Role == RaftRole.Leader)
            {
                break;
            }
        }

        foreach (RaftMember other in others)
        {
            await _node.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.AddVoter, other), ct);
        }
    }
}
