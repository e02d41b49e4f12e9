using System.Buffers;
using Google.Protobuf;
using Skep.Model;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

/// <summary>Batches and objects as protobuf messages (<c>skep/v1/store.proto</c>, <c>objects.proto</c>). Equal values give equal bytes.</summary>
public sealed class ProtoStoreCodec : IStoreCodec
{
    /// <summary>The format of batches written here, and the highest that is read. Batches of before it was written have none, 0.</summary>
    /// <remarks>To be raised by whoever adds a kind of object, a value or a field to what is stored: a manager of before would drop it, and differ from the others.</remarks>
    public const uint Format = 1;

    /// <summary>Bytes that a spec takes in the log and in each of its tasks.</summary>
    public static int SizeOf(ServiceSpec spec) => spec.ToProto().CalculateSize();

    public void EncodeBatch(ChangeBatch batch, IBufferWriter<byte> output)
    {
        Proto.Batch message = batch.ToProto();
        message.Format = Format;
        message.WriteTo(output);
    }

    public ChangeBatch DecodeBatch(ReadOnlyMemory<byte> bytes) => Read(Proto.Batch.Parser, bytes, static batch => batch.Format <= Format ? batch.ToModel() : throw new NewerFormatException(batch.Format, Format));

    public void EncodeObject(IStoredObject stored, IBufferWriter<byte> output) => stored.ToProto().WriteTo(output);

    public IStoredObject DecodeObject(ObjectKind kind, ReadOnlyMemory<byte> bytes)
    {
        IStoredObject stored = Read(Proto.StoredObject.Parser, bytes, static stored => stored.ToModel());
        return stored.Kind == kind ? stored : throw new ClusterException(ErrorKind.Internal, $"expected a {kind}, found {ObjectRef.Of(stored)}");
    }

    /// <summary>Whatever is wrong with the bytes, a value out of range included, is one kind of error: every replica must come to the same answer.</summary>
    private static TModel Read<TProto, TModel>(MessageParser<TProto> parser, ReadOnlyMemory<byte> bytes, Func<TProto, TModel> map)
        where TProto : IMessage<TProto>
    {
        try
        {
            return map(parser.ParseFrom(bytes.Span));
        }
        catch (Exception e) when (e is not (ClusterException or NewerFormatException or OutOfMemoryException))
        {
            throw new ClusterException(ErrorKind.Internal, $"not a {typeof(TProto).Name}: {e.Message}", e);
        }
    }
}
