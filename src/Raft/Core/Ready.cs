using System.Collections.Immutable;

namespace Skep.Raft;

/// <summary>The answer to a <see cref="RaftCore.ReadIndex"/>: once the state machine has applied <paramref name="Index"/>, the read may be served.</summary>
public readonly record struct ReadState(ReadOnlyMemory<byte> Context, ulong Index);

/// <summary>
/// What the shell must do now. In this order: send <see cref="Messages"/> (at once, also while the disk works); write <see cref="Snapshot"/>,
/// then <see cref="Entries"/>, then <see cref="HardState"/>, and sync if <see cref="MustSync"/>; send <see cref="MessagesAfterPersist"/>;
/// restore the state machine from <see cref="Snapshot"/>; apply <see cref="Committed"/>; call <see cref="RaftCore.Advance"/>.
/// </summary>
/// <remarks>
/// The order on disk matters: a torn tail may then lose the hard state but never leave a commit index beyond the last entry. Entries whose index is
/// already on disk replace it and everything after it. Source: Raft thesis §10.2.1 (write and send in parallel); etcd-io/raft:doc.go.
/// </remarks>
public sealed record Ready
{
    /// <summary>Leader or role differ from the last time.</summary>
    public bool SoftStateChanged { get; init; }

    /// <summary>Who leads, as far as known; 0 for nobody.</summary>
    public ulong Leader { get; init; }

    public RaftRole Role { get; init; }

    /// <summary>To persist; null if unchanged since the last <see cref="Ready"/>.</summary>
    public HardState? HardState { get; init; }

    /// <summary>What is written must be on stable storage before <see cref="MessagesAfterPersist"/> leave and before Advance.</summary>
    public bool MustSync { get; init; }

    /// <summary>A received snapshot that replaces the whole log and the state machine.</summary>
    public SnapshotMeta? Snapshot { get; init; }

    /// <summary>To persist, consecutive.</summary>
    public ImmutableArray<Entry> Entries { get; init; } = [];

    public ImmutableArray<Message> Messages { get; init; } = [];

    /// <summary>Promises (votes, acknowledgements) that are only true once everything above is on disk.</summary>
    public ImmutableArray<Message> MessagesAfterPersist { get; init; } = [];

    /// <summary>To apply, consecutive; all of them are already on this member's own disk. Membership entries too: the core has taken them in after Advance.</summary>
    public ImmutableArray<Entry> Committed { get; init; } = [];

    public ImmutableArray<ReadState> ReadStates { get; init; } = [];
}
