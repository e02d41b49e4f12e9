namespace Skep.Raft;

/// <summary>One member's part of the Raft algorithm, without disk, network, clock or threads.</summary>
public sealed partial class RaftCore
{
    /// <param name="options">Checked here.</param>
    /// <param name="random">Spreads election timeouts; the only source of chance.</param>
    /// <param name="hardState">As last persisted, or <c>default</c>.</param>
    /// <param name="snapshot">The newest snapshot on disk, <see cref="Bootstrap"/>'s for the founder, or <see cref="SnapshotMeta.None"/> for a member that joins.</param>
    /// <param name="entriesAfterSnapshot">The persisted log, consecutive, from <c>snapshot.Index + 1</c> on.</param>
    /// <param name="applied">What the state machine already holds; at least the snapshot's index.</param>
    public RaftCore(
        RaftCoreOptions options, Random random, HardState hardState, SnapshotMeta snapshot, IReadOnlyList<Entry> entriesAfterSnapshot, ulong applied)
    {
        options.Check();
        throw new NotImplementedException();
    }

    /// <summary>
    /// The first state of a new group: a snapshot at index 1 of term 1 that holds nothing but the members. The founder persists both (with the image
    /// of an empty state machine) before its first start; everyone who joins later receives them, or something newer, as a snapshot.
    /// </summary>
    public static (HardState HardState, SnapshotMeta Snapshot) Bootstrap(params IEnumerable<RaftMember> members) =>
        (new HardState(1, 0, 1), new SnapshotMeta(1, 1, new Membership(members)));

    public RaftStatus Status => throw new NotImplementedException();

    public bool HasReady => throw new NotImplementedException();

    /// <summary>One tick of the shell's clock.</summary>
    public void Tick() => throw new NotImplementedException();

    /// <summary>A message of a peer. Never throws for a message that is late, foreign or doubled.</summary>
    public void Step(Message message) => throw new NotImplementedException();

    /// <summary>Asks for one entry. A follower sends it on to the leader. Empty data is refused with <see cref="ArgumentException"/>.</summary>
    public ProposeOutcome Propose(ReadOnlyMemory<byte> data) => throw new NotImplementedException();

    /// <summary>Asks for a change of one member; it is in force once applied (Advance of the Ready that carried it).</summary>
    public ProposeOutcome ProposeMembership(MembershipChange change) => throw new NotImplementedException();

    /// <summary>Asks for the index a linearizable read must wait for; the answer comes as <see cref="ReadState"/>, or never (callers need a time limit).</summary>
    public ProposeOutcome ReadIndex(ReadOnlyMemory<byte> context) => throw new NotImplementedException();

    /// <summary>Hands leadership to a voter that is brought up to date first. Proposals are dropped meanwhile; given up after one election timeout.</summary>
    public ProposeOutcome TransferLeadership(ulong to) => throw new NotImplementedException();

    /// <summary>Takes what is to be done. Call <see cref="Advance"/> with it before the next call; Step, Tick and proposals may come between.</summary>
    public Ready Ready() => throw new NotImplementedException();

    public void Advance(Ready ready) => throw new NotImplementedException();

    /// <summary>The shell has written a snapshot of an applied state: forget entries up to it, except for the last <paramref name="keepEntries"/>.</summary>
    public void Compact(SnapshotMeta snapshot, ulong keepEntries) => throw new NotImplementedException();

    /// <summary>A message to this peer could not be delivered.</summary>
    public void ReportUnreachable(ulong id) => throw new NotImplementedException();

    /// <summary>The snapshot sent to this peer has arrived whole, or not. Must follow every Snapshot message.</summary>
    public void ReportSnapshot(ulong id, bool ok) => throw new NotImplementedException();

    /// <summary>The membership in force, with everything applied taken in.</summary>
    public Membership Membership => throw new NotImplementedException();
}
