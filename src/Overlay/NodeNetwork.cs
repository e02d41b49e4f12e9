using Microsoft.Extensions.Logging;
using Skep.Overlay.Applying;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay;

/// <summary>The network of one node: links, VXLAN, nftables and DNS of all its tasks.</summary>
/// <remarks>All kernel work is done by one thread, in the order of the calls. Disposing leaves everything in place, so that tasks outlive skepd;
/// <see cref="TearDownAsync"/> removes it. Failures of the kernel throw <see cref="ClusterException"/> with <see cref="ErrorKind.Internal"/>.</remarks>
public sealed class NodeNetwork : IAsyncDisposable
{
    private readonly NodeKernel _kernel;
    private readonly KernelThread _writer;

    private NodeNetwork(KernelThread writer, NodeKernel kernel) => (_writer, _kernel) = (writer, kernel);

    /// <summary>Probes the kernel, reads what an earlier run under the same options left, and adopts it.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: not root, or no nftables.</exception>
    public static async Task<NodeNetwork> OpenAsync(OverlayOptions options, TimeProvider time, ILogger logger, CancellationToken ct)
    {
        var writer = new KernelThread("skep-net");
        try
        {
            return new NodeNetwork(writer, await writer.RunAsync(() => NodeKernel.Open(writer, options, time, logger), ct));
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>What this kernel can do.</summary>
    public KernelFeatures Features => _kernel.Features;

    /// <summary>Makes the node's network as desired; only the difference is touched. Sandboxes that an earlier run left and that are not desired go.</summary>
    public Task<ApplyReport> ApplyAsync(DesiredNetwork desired, CancellationToken ct) => _writer.RunAsync(() => _kernel.Apply(desired), ct);

    /// <summary>Gives a task its namespace, with lo up, DNS listening and Docker's sysctls; plugs in what the last desired picture says of it.</summary>
    /// <returns>The file of the namespace, for the OCI spec. The same one when asked again.</returns>
    public Task<string> CreateSandboxAsync(TaskId task, CancellationToken ct) => _writer.RunAsync(() => _kernel.CreateSandbox(task), ct);

    /// <summary>Lets go of a task's namespace after its processes ended; its interfaces go with it. Unknown tasks are no error.</summary>
    public Task RemoveSandboxAsync(TaskId task, CancellationToken ct) => _writer.RunAsync(() => _kernel.RemoveSandbox(task), ct);

    /// <summary>Forgets the UDP flows that this node balanced to a backend about to end, so that their next datagram picks another one.</summary>
    /// <param name="network">The overlay network, or null for the published ports (address of the ingress network).</param>
    /// <returns>False when the network is not on this node.</returns>
    public async Task<bool> DeleteFlowsAsync(NetworkId? network, Ipv4Address backend, CancellationToken ct)
    {
        Netlink.NetlinkSocket? flows = await _writer.RunAsync(() => _kernel.FlowsOf(network), ct);
        return flows is not null && await _kernel.Flows.DeleteAsync(flows, backend, ct);
    }

    /// <summary>The node leaves the cluster: removes everything this room made. The object is of no further use but for disposing.</summary>
    public Task TearDownAsync(CancellationToken ct) => _writer.RunAsync(() => _kernel.TearDown(), ct);

    public async ValueTask DisposeAsync()
    {
        await _writer.RunAsync(Close, CancellationToken.None);
        _writer.Dispose();
    }

    private bool Close()
    {
        _kernel.Dispose();
        return true;
    }
}
