using System.Buffers.Binary;
using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>Clients that write and read through any member, and remember what they were promised.</summary>
/// <remarks>
/// Linearizability is checked with the log itself as the witness: a write takes effect at its index, a read at the index the serving member has
/// applied. That order is right if every operation's index is beyond (for a read: not before) those of all operations that had ended when it began.
/// </remarks>
internal sealed class Workload(Random random)
{
    private readonly Dictionary<long, ulong> _acknowledged = [];
    private long _lastOperation;

    /// <summary>The newest index that any finished operation has made visible.</summary>
    private ulong _visible;

    public int Writes => _acknowledged.Count;

    public int Reads { get; private set; }

    internal sealed record Pending(long Operation, bool IsRead, ulong Floor)
    {
        /// <summary>For a read that was answered: serve once this is applied.</summary>
        public ulong? WaitsFor { get; set; }
    }

    public long Write(SimNode node)
    {
        long operation = ++_lastOperation;
        ulong floor = _visible;
        byte[] data = KvMachine.Put(operation, random.Next(5), operation, random.Next(4) == 0 ? random.Next(200) : 0);
        if (node.Core!.Propose(data) == ProposeOutcome.Accepted)
        {
            node.Pending.Add(operation, new Pending(operation, IsRead: false, floor));
        }

        return operation;
    }

    public void Read(SimNode node)
    {
        long operation = ++_lastOperation;
        byte[] context = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(context, operation);
        // Registered first: a single voter answers at once.
        node.Pending.Add(operation, new Pending(operation, IsRead: true, _visible));
        if (node.Core!.ReadIndex(context) != ProposeOutcome.Accepted)
        {
            node.Pending.Remove(operation);
        }
    }

    public void Confirmed(SimNode node, ReadState state)
    {
        long operation = BinaryPrimitives.ReadInt64LittleEndian(state.Context.Span);
        if (node.Pending.TryGetValue(operation, out Pending? read))
        {
            read.WaitsFor = state.Index;
        }
    }

    /// <summary>Ends what can end now that <paramref name="node"/> has applied more (or installed a snapshot).</summary>
    public void Settle(SimNode node, bool readBeforeApply)
    {
        ulong applied = node.Machine.Applied;
        foreach ((long id, Pending pending) in node.Pending.ToArray())
        {
            if (pending.IsRead)
            {
                if (pending.WaitsFor is not { } index || (index > applied && !readBeforeApply))
                {
                    continue;
                }

                SimCheck.That(applied >= pending.Floor, $"read {id} at {node.Id} saw index {applied}, but {pending.Floor} was visible before it began");
                Reads++;
                _visible = Math.Max(_visible, applied);
            }
            else
            {
                ulong index = node.Machine.IndexOf(id);
                if (index == 0)
                {
                    continue;
                }

                SimCheck.That(index > pending.Floor, $"write {id} took effect at {index}, but {pending.Floor} was visible before it began");
                _acknowledged[id] = index;
                _visible = Math.Max(_visible, index);
            }
            node.Pending.Remove(id);
        }
    }

    public bool IsAcknowledged(long operation) => _acknowledged.ContainsKey(operation);

    public void AllAcknowledgedExist(SimNode node)
    {
        foreach ((long operation, ulong index) in _acknowledged)
        {
            SimCheck.That(node.Machine.IndexOf(operation) == index, $"write {operation} was acknowledged at {index}; {node.Id} has it at {node.Machine.IndexOf(operation)}");
        }
    }
}
