using Skep.Raft;
using Skep.Raft.Codec;

namespace Skep.Simulation.RaftGroup;

/// <summary>A whole group on one thread in virtual time. Everything follows from the seed.</summary>
/// <remarks>Source for the idea: tigerbeetle/tigerbeetle:src/vopr.zig; docs/adr/0002.</remarks>
internal sealed partial class SimWorld
{
    private readonly PriorityQueue<Action, (long At, long Order)> _agenda = new();
    private readonly List<SimNode> _nodes = [];
    private long _order;

    /// <summary>An ordinary world takes a few thousand.</summary>
    private const int MaxSteps = 1_000_000;

    public SimWorld(SimOptions options, bool keepText = false)
    {
        Options = options;
        Random = new Random(options.Seed);
        Trace = new SimTrace(keepText);
        Workload = new Workload(Random);
        Checker = new SafetyChecker(_nodes);
        RaftMember[] founders = [.. Enumerable.Range(1, options.Voters).Select(i => Member((ulong)i))];
        (HardState state, SnapshotMeta meta) = RaftCore.Bootstrap(founders);
        for (int i = 1; i <= options.Voters + options.Spares; i++)
        {
            SimDisk disk = i <= options.Voters
                ? new SimDisk(state, new SimSnapshot(meta, KvMachine.EmptyAt(meta.Index)))
                : new SimDisk(default, new SimSnapshot(SnapshotMeta.None, new KvMachine()));
            _nodes.Add(new SimNode(this, (ulong)i, disk));
        }
    }

    public SimOptions Options { get; }

    public Random Random { get; }

    public SimTrace Trace { get; }

    public Workload Workload { get; }

    public SafetyChecker Checker { get; }

    public long Now { get; private set; }

    public long Steps { get; private set; }

    /// <summary>How long agreement took once the faults had stopped.</summary>
    public long ConvergedAfter { get; private set; }

    public int Crashes { get; private set; }

    public int SnapshotsInstalled { get; set; }

    public int MembershipChanges { get; set; }

    /// <summary>Lives through the faulty time, then demands that everyone agrees. Throws what a checker or an invariant found.</summary>
    public void Run()
    {
        Trace.Say(Now, $"seed {Options.Seed}: {Options}");
        foreach (SimNode node in _nodes)
        {
            node.Start();
            ScheduleTick(node, Random.Next(SimOptions.TickMillis));
        }
        ScheduleOperation();
        ScheduleFault();
        RunUntil(Options.FaultyFor);
        StopFaults();
        Converge();
    }

    public int DiskDelay() => _calm ? 1 : Random.Next(40) == 0 ? Random.Next(400) : Random.Next(Options.MaxDiskDelay);

    public static RaftMember Member(ulong id) => new(id, $"node{id}", $"10.0.0.{id}:2377", IsVoter: true);

    /// <summary>For what a member has started itself: happens only if it is still the same life.</summary>
    public void After(int delay, SimNode node, Action action)
    {
        int life = node.Life;
        At(Now + delay, () => WhenAwake(node, life, action));
    }

    private void WhenAwake(SimNode node, int life, Action action)
    {
        if (node.Life != life || node.Core is null)
        {
            return;
        }
        // A paused process does nothing, and then everything late.
        if (node.PausedUntil > Now)
        {
            At(node.PausedUntil, () => WhenAwake(node, life, action));
        }
        else
        {
            action();
        }
    }

    private void At(long time, Action action) => _agenda.Enqueue(action, (time, ++_order));

    private void RunUntil(long end, Func<bool>? done = null)
    {
        while (_agenda.TryPeek(out Action? action, out (long At, long Order) when) && when.At <= end)
        {
            _agenda.Dequeue();
            Now = Math.Max(Now, when.At);
            SimCheck.That(++Steps < MaxSteps, $"more than {MaxSteps} steps: something goes round in circles");
            action();
            if (done is not null && done())
            {
                return;
            }
        }
        if (done is null)
        {
            Now = end;
        }
    }

    private void ScheduleTick(SimNode node, int delay) => At(Now + delay, () =>
    {
        if (node.Core is not null && node.PausedUntil <= Now)
        {
            node.Tick();
            Trace.Add(Now, node.Id, node.Core.CurrentTerm, node.Core.Log.Commit);
        }
        // Clocks differ a little.
        ScheduleTick(node, SimOptions.TickMillis - 10 + Random.Next(20));
    });

    private void ScheduleOperation() => At(Now + 1 + Random.Next(2 * Options.OperationEvery), () =>
    {
        if (_calm)
        {
            return;
        }

        SimNode node = _nodes[Random.Next(_nodes.Count)];
        if (node.Core is not null && node.PausedUntil <= Now)
        {
            for (int burst = Random.Next(8) == 0 ? 10 : 1; burst > 0; burst--)
            {
                if (Random.Next(3) == 0)
                {
                    Workload.Read(node);
                }
                else
                {
                    Workload.Write(node);
                }
            }
            node.AfterInput();
        }
        ScheduleOperation();
    });

    public void Send(SimNode from, Message message)
    {
        SimNode? to = _nodes.Find(n => n.Id == message.To);
        bool lost = to is null || IsCut(from.Id, message.To) || (!_calm && Random.NextDouble() < Options.Loss);
        Trace.Add(Now, (from.Id << 8) | message.To, message.Term, ((ulong)message.Kind << 48) ^ (message.Index << 1) ^ (lost ? 1UL : 0));
        Trace.Say(Now, $"{from.Id}->{message.To} {message.Kind} term={message.Term} index={message.Index} logTerm={message.LogTerm} entries={message.Entries.Length} commit={message.Commit}{(message.Reject ? " reject" : "")}{(lost ? " LOST" : "")}");
        SimSnapshot? file = message.Snapshot is null ? null : from.NewestFile;
        if (file is not null)
        {
            message = message with { Snapshot = file.Meta };
        }

        if (lost)
        {
            if (file is not null)
            {
                After(Random.Next(1000), from, () => Report(from, message.To, ok: false));
            }

            return;
        }
        // Now and then through its bytes, as on a wire.
        if (Random.Next(16) == 0)
        {
            message = MessageCodec.Decode(MessageCodec.Encode(message));
        }

        Deliver(from, to!, message, file);
        if (!_calm && file is null && Random.NextDouble() < Options.Duplication)
        {
            Deliver(from, to!, message, file);
        }
    }

    private void Deliver(SimNode from, SimNode to, Message message, SimSnapshot? file)
    {
        int delay = _calm ? 1 + Random.Next(5) : Random.NextDouble() < Options.SpikeRate ? Random.Next(2000) : 1 + Random.Next(Options.MaxDelay);
        if (file is not null)
        {
            delay *= 3;
        }
        // A message may outlive its sender and even reach the receiver's next life.
        At(Now + delay, () => Arrive(from, to, message, file));
        if (file is not null)
        {
            After(delay + 1 + Random.Next(100), from, () => Report(from, to.Id, ok: Random.Next(4) != 0 || _calm));
        }
    }

    private void Arrive(SimNode from, SimNode to, Message message, SimSnapshot? file)
    {
        if (to.Core is null || IsCut(from.Id, to.Id))
        {
            return;
        }

        if (to.PausedUntil > Now)
        {
            At(to.PausedUntil + Random.Next(5), () => Arrive(from, to, message, file));
            return;
        }
        Trace.Add(Now, to.Id, message.From, message.Index);
        to.Receive(message, file);
    }

    private static void Report(SimNode node, ulong to, bool ok)
    {
        node.Core!.ReportSnapshot(to, ok);
        node.AfterInput();
    }
}
