using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Skep.Rpc.V1;

namespace Skep.Rpc;

/// <summary>Proves that a manager and an agent hold the same assignment set: the sum of a digest per item, so that a change costs only its items.</summary>
public sealed class AssignmentChecksum
{
    private readonly Dictionary<Model.AssignmentKey, ulong> _digests = [];

    /// <summary>Of the whole set; 0 when it is empty.</summary>
    public ulong Value { get; private set; }

    public void Put(Model.AssignmentKey key, AssignmentItem item)
    {
        Remove(key);
        ulong digest = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(item.ToByteArray()));
        _digests[key] = digest;
        Value = unchecked(Value + digest);
    }

    public void Remove(Model.AssignmentKey key)
    {
        if (_digests.Remove(key, out ulong digest))
        {
            Value = unchecked(Value - digest);
        }
    }

    public void Clear()
    {
        _digests.Clear();
        Value = 0;
    }
}
