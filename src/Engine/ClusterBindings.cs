using Skep.Engine.Containers;
using Skep.Engine.Images;
using Skep.Engine.Networks;

namespace Skep.Engine;

/// <summary>All that an engine asks of a cluster. It works the same without one.</summary>
/// <remarks>A fourth, the cluster's part of the node's network, comes and goes with membership: <see cref="NetworkLoop.Cluster"/>.</remarks>
internal sealed record ClusterBindings(IPeerImageSource Peers, INetworkAttachments Attachments, IContainerOwner Owner)
{
    public static ClusterBindings None { get; } = new(new NoPeers(), new NoNetworkAttachments(), new NoContainerOwner());
}
