using System.Buffers;

namespace Skep.Model;

/// <summary>How batches and objects become bytes in the log and in snapshots.</summary>
/// <remarks>
/// Equal values must give equal bytes, on every machine: replicas compare their stores by checksum.
/// Stands here because the store uses it and Rpc, which does not know the store, implements it.
/// </remarks>
public interface IStoreCodec
{
    void EncodeBatch(ChangeBatch batch, IBufferWriter<byte> output);

    /// <exception cref="ClusterException">Internal: not a batch. Every manager of this version and of newer ones comes to the same answer.</exception>
    /// <exception cref="NewerFormatException">A newer version wrote it.</exception>
    ChangeBatch DecodeBatch(ReadOnlyMemory<byte> bytes);

    /// <summary>One object with its version and times; its kind is kept by the caller.</summary>
    void EncodeObject(IStoredObject stored, IBufferWriter<byte> output);

    /// <exception cref="ClusterException">Internal: not an object of this kind, or from a newer version than this one understands.</exception>
    IStoredObject DecodeObject(ObjectKind kind, ReadOnlyMemory<byte> bytes);
}
