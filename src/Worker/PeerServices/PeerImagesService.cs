using Grpc.Core;
using Skep.Rpc.V1;

namespace Skep.Worker.PeerServices;

/// <summary>Gives images of this node to other nodes: which digest a name has, and blobs by digest.</summary>
public sealed class PeerImagesService : PeerImages.PeerImagesBase
{
}
