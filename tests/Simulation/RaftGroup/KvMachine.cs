using System.Buffers.Binary;
using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>The replicated state machine: a few keys, and each client operation takes effect once however often it is in the log.</summary>
internal sealed class KvMachine
{
    private readonly SortedDictionary<int, long> _values;
    private readonly Dictionary<long, ulong> _firstIndexOf;

    public KvMachine()
    {
        _values = [];
        _firstIndexOf = [];
    }

    private KvMachine(KvMachine other)
    {
        _values = new SortedDictionary<int, long>(other._values);
        _firstIndexOf = new Dictionary<long, ulong>(other._firstIndexOf);
        (Applied, Hash) = (other.Applied, other.Hash);
    }

    public ulong Applied { get; private set; }

    /// <summary>Over everything ever applied, in order: equal histories, equal hashes.</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    public KvMachine Copy() => new(this);

    /// <summary>The empty state that a group's bootstrap snapshot holds.</summary>
    public static KvMachine EmptyAt(ulong index) => new() { Applied = index };

    public static byte[] Put(long operation, int key, long value, int padding)
    {
        byte[] data = new byte[20 + padding];
        BinaryPrimitives.WriteInt64LittleEndian(data, operation);
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(8), key);
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(12), value);
        return data;
    }

    /// <summary>Applies the entry; the operation it carries, 0 if none.</summary>
    public long Apply(in Entry entry)
    {
        SimCheck.That(entry.Index == Applied + 1, $"applied {Applied} and then {entry.Index}");
        Applied = entry.Index;
        ReadOnlySpan<byte> data = entry.Data.Span;
        Hash = EntryPrint.Of(Hash, entry);
        if (entry.Kind != EntryKind.Normal || data.IsEmpty)
        {
            return 0;
        }

        long operation = BinaryPrimitives.ReadInt64LittleEndian(data);
        if (_firstIndexOf.TryAdd(operation, entry.Index))
        {
            _values[BinaryPrimitives.ReadInt32LittleEndian(data[8..])] = BinaryPrimitives.ReadInt64LittleEndian(data[12..]);
        }

        return operation;
    }

    public long Read(int key) => _values.GetValueOrDefault(key);

    /// <summary>Where the operation took effect; 0 if it did not.</summary>
    public ulong IndexOf(long operation) => _firstIndexOf.GetValueOrDefault(operation);
}

internal static class EntryPrint
{
    public static ulong Of(ulong seed, in Entry entry)
    {
        ulong hash = Mix(Mix(Mix(seed, entry.Index), entry.Term), (ulong)entry.Kind);
        ReadOnlySpan<byte> data = entry.Data.Span;
        for (; data.Length >= 8; data = data[8..])
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (byte b in data)
        {
            hash = Mix(hash, b);
        }

        return hash;
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 1099511628211;
        return hash ^ (hash >> 31);
    }
}
