using System.Buffers.Binary;

namespace Skep.Raft;

/// <summary>Names one proposal for ever: member, a number drawn at its start, a counter. Stands before the data of each entry.</summary>
internal readonly record struct ProposalId(ulong Member, uint Boot, uint Counter)
{
    public const int Size = 16;

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Member);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Boot);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], Counter);
    }

    public static ProposalId Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]));
}

/// <summary>
/// The ids of the last applied proposals. Part of the replicated state: every member holds the same ones at the same index, so all of them skip the
/// same duplicates. Written in front of the state machine's own bytes in each snapshot.
/// </summary>
internal sealed class RecentProposals
{
    /// <summary>A constant of the group: members with different ones would diverge.</summary>
    public const int Capacity = 65_536;

    private const uint FormatVersion = 1;
    private readonly Queue<ProposalId> _order = new();
    private readonly HashSet<ProposalId> _known = [];
    private byte[] _encoded = [];

    public bool Contains(ProposalId id) => _known.Contains(id);

    /// <summary>False for a duplicate.</summary>
    public bool TryAdd(ProposalId id)
    {
        if (!_known.Add(id))
        {
            return false;
        }

        _order.Enqueue(id);
        if (_order.Count > Capacity)
        {
            _known.Remove(_order.Dequeue());
        }

        return true;
    }

    /// <summary>The present content as it stands in a snapshot; the bytes are good until the next call. (A megabyte each time would be a tenth of all garbage.)</summary>
    public ReadOnlyMemory<byte> Encode()
    {
        int length = 8 + (_order.Count * ProposalId.Size);
        if (_encoded.Length < length)
        {
            _encoded = new byte[length];
        }

        byte[] bytes = _encoded;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), _order.Count);
        int at = 8;
        foreach (ProposalId id in _order)
        {
            id.Write(bytes.AsSpan(at));
            at += ProposalId.Size;
        }

        return bytes.AsMemory(0, length);
    }

    public void Restore(Stream snapshot)
    {
        _order.Clear();
        _known.Clear();
        byte[] head = new byte[8];
        snapshot.ReadExactly(head);
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(head);
        int count = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4));
        if (version != FormatVersion || count is < 0 or > Capacity)
        {
            throw new RaftFormatException($"snapshot of version {version} with {count} proposal ids; this program reads version {FormatVersion}");
        }

        byte[] ids = new byte[count * ProposalId.Size];
        snapshot.ReadExactly(ids);
        for (int at = 0; at < ids.Length; at += ProposalId.Size)
        {
            TryAdd(ProposalId.Read(ids.AsSpan(at)));
        }
    }
}
