using Google.Protobuf;
using Grpc.Core;
using Skep.Engine.Images;
using Skep.Rpc.V1;

namespace Skep.Worker.PeerServices;

/// <summary>Gives images of this node to other nodes: which digest a name has, and blobs by digest.</summary>
public sealed class PeerImagesService : PeerImages.PeerImagesBase
{
    private readonly ImageStore _images;

    internal PeerImagesService(ImageStore images) => _images = images;

    public override async Task<ResolveImageResponse> Resolve(ResolveImageRequest request, ServerCallContext context)
    {
        StoredImage image = await _images.FindAsync(request.Reference, context.CancellationToken)
            ?? throw new ClusterException(ErrorKind.NotFound, $"No such image: {request.Reference}");
        return new ResolveImageResponse { MediaType = image.Target.MediaType, Digest = image.Target.Digest, Size = image.Target.Size };
    }

    public override async Task ReadBlob(ReadBlobRequest request, IServerStreamWriter<BlobChunk> responseStream, ServerCallContext context)
    {
        if (!Digest.IsValid(request.Digest))
        {
            throw ClusterException.Invalid($"invalid digest {request.Digest}");
        }

        await foreach (ReadOnlyMemory<byte> chunk in _images.Content.ReadAsync(request.Digest, request.Offset, context.CancellationToken))
        {
            await responseStream.WriteAsync(new BlobChunk { Data = UnsafeByteOperations.UnsafeWrap(chunk) }, context.CancellationToken);
        }
    }
}
