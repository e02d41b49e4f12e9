using Microsoft.Extensions.Logging;

namespace Skep.Overlay;

/// <summary>The network of one node: links, VXLAN, nftables and DNS of all its tasks.</summary>
/// <remarks>All kernel work is done by one thread, in the order of the calls. Disposing leaves everything in place, so that tasks outlive skepd;
/// <see cref="TearDownAsync"/> removes it. Failures of the kernel throw <see cref="ClusterException"/> with <see cref="ErrorKind.Internal"/>.</remarks>
public sealed class NodeNetwork : IAsyncDisposable
{
    /// <summary>Probes the kernel, reads what an earlier run under the same options left, and adopts it.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: not root, or no nftables.</exception>
    public static Task<NodeNetwork> OpenAsync(OverlayOptions options, TimeProvider time, ILogger logger, CancellationToken ct) => throw new NotImplementedException();

    public KernelFeatures Features => throw new NotImplementedException();

    /// <summary>Makes the node's network as desired; only the difference is touched. Sandboxes that an earlier run left and that are not desired go.</summary>
    public Task<ApplyReport> ApplyAsync(DesiredNetwork desired, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Gives a task its namespace, with lo up, DNS listening and Docker's sysctls; plugs in what the last desired picture says of it.</summary>
    /// <returns>The file of the namespace, for the OCI spec. The same one when asked again.</returns>
    public Task<string> CreateSandboxAsync(TaskId task, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Lets go of a task's namespace after its processes ended; its interfaces go with it. Unknown tasks are no error.</summary>
    public Task RemoveSandboxAsync(TaskId task, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Forgets the UDP flows that this node balanced to a backend about to end, so that their next datagram picks another one.</summary>
    /// <param name="network">The overlay network, or null for the published ports (address of the ingress network).</param>
    /// <returns>False when the network is not on this node.</returns>
    public Task<bool> ForgetFlowsAsync(NetworkId? network, Ipv4Address backend, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>The node leaves the cluster: removes everything this room made.</summary>
    public Task TearDownAsync(CancellationToken ct) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
