using Microsoft.Extensions.Logging;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <summary>A member's files, opened, with what the core and the state machine start from.</summary>
internal sealed class RaftDisk
{
    private RaftDisk(WriteAheadLog log, SnapshotStore snapshots)
    {
        Log = log;
        Snapshots = snapshots;
    }

    public WriteAheadLog Log { get; }

    public SnapshotStore Snapshots { get; }

    public RecentProposals Recent { get; } = new();

    public HardState HardState { get; private set; }

    public SnapshotMeta Meta { get; private set; } = SnapshotMeta.None;

    public IReadOnlyList<Entry> Entries { get; private set; } = [];

    public ulong LastIndex => Entries.Count > 0 ? Entries[^1].Index : Meta.Index;

    public static RaftDisk Open(RaftNodeOptions options, IStateMachine stateMachine, ILogger log)
    {
        WriteAheadLog wal = WriteAheadLog.Open(
            options.Files, options.DataKey.Span, new WriteAheadLogOptions { SegmentBytes = options.SegmentBytes }, out RecoveredLog recovered);
        RaftDisk disk = new(wal, new SnapshotStore(options.Files, options.DataKey.Span));
        try
        {
            if (recovered.Repaired is { } cut)
            {
                log.TailCut(cut.File, cut.Offset, cut.LostBytes);
            }

            disk.Take(recovered, options, stateMachine);
            if (options.Start == RaftStart.ForceNewCluster)
            {
                disk.ResetToSingleMember(options.Self);
                log.ForcedNewCluster(options.Id, disk.LastIndex, disk.HardState.Term);
            }

            return disk;
        }
        catch
        {
            disk.Log.Dispose();
            disk.Snapshots.Dispose();
            throw;
        }
    }

    private void Take(RecoveredLog recovered, RaftNodeOptions options, IStateMachine stateMachine)
    {
        if (recovered.IsEmpty && options.Start == RaftStart.Found)
        {
            Found(options.Self, options.FirstIndex, stateMachine);
            return;
        }

        if (recovered.SnapshotIndex == 0 && options.Start == RaftStart.ForceNewCluster)
        {
            throw new InvalidOperationException("there is nothing on disk to make a new cluster of");
        }

        if (recovered.SnapshotIndex > 0)
        {
            using SnapshotReader reader = Snapshots.OpenRead(recovered.SnapshotIndex, recovered.SnapshotTerm);
            Recent.Restore(reader);
            stateMachine.Restore(reader, reader.Meta.Index);
            reader.VerifyRest();
            Meta = reader.Meta;
        }

        Snapshots.Prune(Meta.Index, Meta.Term, int.MaxValue - 1); // removes what was received and never taken into use
        Entries = recovered.EntriesAfterSnapshot();
        HardState = Completed(recovered.HardState);
    }

    /// <summary>
    /// Snapshot mark, entries and hard state are one group on disk, in this order: a torn group may have kept the first without the last. Nobody was
    /// told of such a group, so no vote of the higher term was given either.
    /// </summary>
    private HardState Completed(HardState state)
    {
        ulong term = Entries.Count > 0 ? Entries[^1].Term : Meta.Term;
        ulong commit = Math.Max(state.Commit, Meta.Index);
        return term > state.Term ? new HardState(term, 0, commit) : state with { Commit = commit };
    }

    /// <summary>The first state of a new group, most often an empty state machine at index 1: a snapshot, so that everyone who joins starts from one.</summary>
    private void Found(RaftMember self, ulong firstIndex, IStateMachine stateMachine)
    {
        if (Snapshots.List().Any(s => s.Index > firstIndex))
        {
            throw new InvalidOperationException("there are snapshots but no log: refusing to found a new group over them");
        }

        (HardState, Meta) = RaftCore.Bootstrap(firstIndex, self);
        using (SnapshotWriter writer = Snapshots.Create(Meta))
        {
            writer.Write(Recent.Encode().Span);
            stateMachine.Capture().WriteTo(writer);
            writer.Commit();
        }

        Log.MarkSnapshot(Meta.Index, Meta.Term);
        Log.Append(HardState);
        Log.Sync();
    }

    /// <summary>
    /// Appends the changes that leave this member alone and declares everything committed. Entries that were not known to be committed are kept: some
    /// may have been acknowledged, and the commit index on disk lags.
    /// </summary>
    private void ResetToSingleMember(RaftMember self)
    {
        Membership members = Meta.Membership;
        foreach (Entry entry in Entries.Where(e => e.Kind == EntryKind.Membership))
        {
            LogCodec.DecodeMembershipChange(entry.Data).TryApply(members, out members, out _);
        }

        List<MembershipChange> changes = [];
        void Change(MembershipChangeKind kind, RaftMember member)
        {
            MembershipChange change = new(kind, member);
            if (!change.TryApply(members, out members, out string? refusal))
            {
                throw new InvalidOperationException($"{kind} of {member.Id:x}: {refusal}");
            }

            changes.Add(change);
        }

        RaftMember? present = members.Find(self.Id);
        if (present is null)
        {
            Change(MembershipChangeKind.AddVoter, self);
        }
        else if (!present.IsVoter)
        {
            Change(MembershipChangeKind.Promote, self);
        }

        foreach (RaftMember other in members.Members.Where(m => m.Id != self.Id))
        {
            Change(MembershipChangeKind.Remove, other);
        }

        if (present is not null && present.Address != self.Address)
        {
            Change(MembershipChangeKind.UpdateAddress, self);
        }

        ulong term = HardState.Term + 1;
        ulong index = LastIndex;
        Entry[] appended = [.. changes.Select(c => new Entry(term, ++index, EntryKind.Membership, LogCodec.Encode(c)))];
        Entries = [.. Entries, .. appended];
        HardState = new HardState(term, 0, LastIndex);
        Log.Append(appended);
        Log.Append(HardState);
        Log.Sync();
    }
}
