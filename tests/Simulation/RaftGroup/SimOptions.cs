using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>Mistakes planted on purpose; each must be noticed by the checkers.</summary>
[Flags]
internal enum ShellBugs
{
    None = 0,

    /// <summary>A restarted member has forgotten its vote.</summary>
    ForgetHardState = 1,

    /// <summary>Promises leave before the disk has them.</summary>
    AckBeforeSync = 2,

    /// <summary>A read is served without waiting until its index is applied.</summary>
    ReadBeforeApply = 4,
}

/// <summary>How hostile one world is; drawn from its seed, so that seeds differ in kind and not only in order. Times in virtual milliseconds.</summary>
internal sealed record SimOptions
{
    public required int Seed { get; init; }
    public required int Voters { get; init; }
    public required int Spares { get; init; }
    public required double Loss { get; init; }
    public required double Duplication { get; init; }
    public required int MaxDelay { get; init; }
    public required double SpikeRate { get; init; }
    public required int MaxDiskDelay { get; init; }
    public required int FaultEvery { get; init; }
    public required int OperationEvery { get; init; }
    public required ulong SnapshotEvery { get; init; }
    public required ulong KeepEntries { get; init; }
    public required RaftCoreOptions Core { get; init; }
    public ShellBugs ShellBugs { get; init; }

    /// <summary>How long faults last, and how long the group may then take to agree again.</summary>
    public int FaultyFor { get; init; } = 15_000;

    public int ConvergeWithin { get; init; } = 30_000;

    public const int TickMillis = 100;

    public static SimOptions Draw(int seed, InjectedBugs coreBugs = InjectedBugs.None, ShellBugs shellBugs = ShellBugs.None)
    {
        Random random = new(seed);
        bool calm = random.Next(8) == 0;
        return new SimOptions
        {
            Seed = seed,
            Voters = random.Next(2) == 0 ? 3 : 5,
            Spares = random.Next(2) == 0 ? 0 : random.Next(1, 3),
            Loss = calm ? 0 : random.NextDouble() * 0.2,
            Duplication = calm ? 0 : random.NextDouble() * 0.1,
            MaxDelay = random.Next(2, 80),
            SpikeRate = calm ? 0 : random.NextDouble() * 0.05,
            MaxDiskDelay = random.Next(1, 60),
            FaultEvery = random.Next(150, 2000),
            OperationEvery = random.Next(20, 200),
            SnapshotEvery = (ulong)random.Next(3, 60),
            KeepEntries = (ulong)random.Next(0, 10),
            Core = new RaftCoreOptions
            {
                Id = 1,
                ElectionTicks = random.Next(3, 11),
                MaxEntryBytesPerMessage = random.Next(1, 400),
                MaxInflightMessages = random.Next(1, 8),
                MaxUncommittedBytes = random.Next(200, 20_000),
                MaxCommittedBytesPerReady = random.Next(1, 1000),
                PreVote = random.Next(3) != 0,
                CheckQuorum = random.Next(4) != 0,
                Bugs = coreBugs,
            },
            ShellBugs = shellBugs,
        };
    }

    public override string ToString() =>
        $"voters={Voters} spares={Spares} loss={Loss:f2} dup={Duplication:f2} delay<={MaxDelay} spikes={SpikeRate:f2} disk<={MaxDiskDelay} "
        + $"faultEvery={FaultEvery} opEvery={OperationEvery} snapshotEvery={SnapshotEvery} keep={KeepEntries} preVote={Core.PreVote} checkQuorum={Core.CheckQuorum}";
}
