using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>One member's process: the core and the smallest honest shell around it. What the disk holds survives a crash, nothing else.</summary>
internal sealed class SimNode(SimWorld world, ulong id, SimDisk disk)
{
    private readonly Dictionary<(ulong Index, ulong Term), SimSnapshot> _received = [];
    private bool _writing;

    public ulong Id { get; } = id;

    /// <summary>Null while down.</summary>
    public RaftCore? Core { get; private set; }

    public KvMachine Machine { get; private set; } = new();

    public Dictionary<long, Workload.Pending> Pending { get; } = [];

    /// <summary>Counts lives, so that what was scheduled for an earlier one is dropped.</summary>
    public int Life { get; private set; }

    public long PausedUntil { get; set; }

    public ulong CheckedCommit { get; set; }

    public ulong CheckedLeaderTerm { get; set; }

    public void Start()
    {
        Life++;
        if (Life > 1 && world.Options.ShellBugs.HasFlag(ShellBugs.ForgetHardState))
        {
            disk.ForgetVote();
        }

        Machine = disk.Snapshot.State.Copy();
        RaftCoreOptions options = world.Options.Core with { Id = Id };
        Core = new RaftCore(options, new Random(world.Random.Next()), disk.HardState, disk.Snapshot.Meta, disk.EntriesAfterSnapshot, Machine.Applied);
        _writing = false;
        CheckedCommit = Core.Log.FirstIndex - 1;
        CheckedLeaderTerm = 0;
        AfterInput();
    }

    public void Crash()
    {
        disk.Crash(world.Random);
        Core = null;
        Life++;
        Pending.Clear();
        _received.Clear();
    }

    public void Receive(Message message, SimSnapshot? file)
    {
        if (file is not null)
        {
            _received[(file.Meta.Index, file.Meta.Term)] = file;
        }

        Core!.Step(message);
        AfterInput();
    }

    public void Tick()
    {
        Core!.Tick();
        AfterInput();
    }

    /// <summary>Runs the ready loop until there is nothing to do or the disk is busy.</summary>
    public void AfterInput()
    {
        world.Checker.AfterStep(this);
        while (!_writing && Core!.HasReady)
        {
            Ready ready = Core.Ready();
            world.Checker.AfterStep(this);
            world.Checker.Handed(this, ready);
            foreach (Message message in ready.Messages)
            {
                world.Send(this, message);
            }

            SimSnapshot? received = ready.Snapshot is { } meta ? _received[(meta.Index, meta.Term)] : null;
            disk.Save(received, ready.Entries, ready.HardState);
            if (ready.MustSync && !world.Options.ShellBugs.HasFlag(ShellBugs.AckBeforeSync))
            {
                _writing = true;
                world.After(world.DiskDelay(), this, () => Synced(ready));
            }
            else
            {
                if (ready.MustSync)
                {
                    world.After(world.DiskDelay(), this, disk.Sync);
                }

                Complete(ready);
            }
        }
    }

    private void Synced(Ready ready)
    {
        disk.Sync();
        _writing = false;
        Complete(ready);
        AfterInput();
    }

    private void Complete(Ready ready)
    {
        foreach (Message message in ready.MessagesAfterPersist)
        {
            world.Send(this, message);
        }

        if (ready.Snapshot is { } meta)
        {
            Machine = _received[(meta.Index, meta.Term)].State.Copy();
            world.SnapshotsInstalled++;
            world.Checker.Applied(this);
        }
        foreach (Entry entry in ready.Committed)
        {
            Machine.Apply(entry);
            world.Checker.Applied(this);
        }
        foreach (ReadState state in ready.ReadStates)
        {
            world.Workload.Confirmed(this, state);
        }

        if (Pending.Count > 0)
        {
            world.Workload.Settle(this, world.Options.ShellBugs.HasFlag(ShellBugs.ReadBeforeApply));
        }

        Membership before = Core!.Membership;
        bool leads = Core.Role == RaftRole.Leader;
        Core.Advance(ready);
        if (leads && !Core.Membership.Equals(before))
        {
            world.MembershipChanges++;
        }

        world.Checker.AfterStep(this);
        TakeSnapshot();
    }

    private void TakeSnapshot()
    {
        RaftLog log = Core!.Log;
        if (log.Pending is not null || log.Applied < log.Snapshot.Index + world.Options.SnapshotEvery)
        {
            return;
        }

        SnapshotMeta meta = new(log.Applied, log.TermAt(log.Applied)!.Value, Core.Membership);
        disk.SaveOwnSnapshot(new SimSnapshot(meta, Machine.Copy()));
        Core.Compact(meta, world.Options.KeepEntries);
    }

    /// <summary>The file behind a Snapshot message: the newest one, which may be newer than what the core asked for.</summary>
    public SimSnapshot NewestFile => disk.Snapshot;
}
