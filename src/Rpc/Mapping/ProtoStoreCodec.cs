using System.Buffers;
using Google.Protobuf;
using Skep.Model;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

/// <summary>Batches and objects as protobuf messages (<c>skep/v1/store.proto</c>, <c>objects.proto</c>). Equal values give equal bytes.</summary>
public sealed class ProtoStoreCodec : IStoreCodec
{
    public void EncodeBatch(ChangeBatch batch, IBufferWriter<byte> output) => batch.ToProto().WriteTo(output);

    public ChangeBatch DecodeBatch(ReadOnlyMemory<byte> bytes) => Parse(Proto.Batch.Parser, bytes).ToModel();

    public void EncodeObject(IStoredObject stored, IBufferWriter<byte> output) => stored.ToProto().WriteTo(output);

    public IStoredObject DecodeObject(ObjectKind kind, ReadOnlyMemory<byte> bytes)
    {
        IStoredObject stored = Parse(Proto.StoredObject.Parser, bytes).ToModel();
        return stored.Kind == kind ? stored : throw new ClusterException(ErrorKind.Internal, $"expected a {kind}, found {ObjectRef.Of(stored)}");
    }

    private static T Parse<T>(MessageParser<T> parser, ReadOnlyMemory<byte> bytes)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new ClusterException(ErrorKind.Internal, $"not a {typeof(T).Name}: {broken.Message}", broken);
        }
    }
}
