using System.Net;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.Membership;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Skep.Bench.Consensus.Members;

namespace Skep.Bench.Consensus.Engines;

/// <summary>The package over its own TCP transport; election and heartbeat times as RaftNode's.</summary>
internal sealed class DotNextEngine : IEngine
{
    private readonly RaftCluster _cluster;
    private readonly WriteAheadLog _log;

    private DotNextEngine(RaftCluster cluster, WriteAheadLog log, NumberLog numbers)
    {
        _cluster = cluster;
        _log = log;
        Log = numbers;
    }

    public bool IsLeader => !_cluster.LeadershipToken.IsCancellationRequested;

    public int Voters => _cluster.Members.Count;

    public NumberLog Log { get; }

    /// <summary>The package tells whoever writes, nobody else.</summary>
    public Task Ended { get; } = new TaskCompletionSource().Task;

    public static async Task<DotNextEngine> StartAsync(MemberOptions member)
    {
        var numbers = new NumberLog();
        var machine = new DotNextMachine(numbers, Path.Combine(member.Directory, "state"));
        await machine.RestoreAsync();
        var options = new WriteAheadLog.Options { Location = Path.Combine(member.Directory, "log"), ChunkSize = 1 << 20 };
        WriteAheadLog log = member.Engine == EngineKind.DotNextFlushing ? new FlushingLog(options, machine) : new WriteAheadLog(options, machine);
        var configuration = new RaftCluster.TcpConfiguration(MemberOptions.EndPointAt(member.Ports[member.Id - 1]))
        {
            RequestTimeout = TimeSpan.FromSeconds(1),
            ConnectTimeout = TimeSpan.FromMilliseconds(500),
            LowerElectionTimeout = 1000,
            UpperElectionTimeout = 2000,
            HeartbeatThreshold = 0.1,
            TransmissionBlockSize = 65535,
            ColdStart = false,
            ConfigurationStorage = null!, // in memory
        };
        var members = ((InMemoryClusterConfigurationStorage<EndPoint>)configuration.ConfigurationStorage).CreateInitialConfigurationBuilder();
        foreach (int port in member.Ports)
        {
            members.Add(MemberOptions.EndPointAt(port));
        }

        members.Build();
        var cluster = new RaftCluster(configuration) { AuditTrail = log };
        await cluster.StartAsync(CancellationToken.None);
        return new DotNextEngine(cluster, log, numbers);
    }

    public ValueTask ProposeAsync(ReadOnlyMemory<byte> command) =>
        _cluster.ReplicateAsync(new BinaryLogEntry { Content = command, Term = ((IPersistentState)_log).Term }, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAsync(CancellationToken.None);
        await _cluster.DisposeAsync();
        await _log.DisposeAsync();
    }
}
