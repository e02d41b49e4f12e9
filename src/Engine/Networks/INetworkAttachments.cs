namespace Skep.Engine.Networks;

/// <summary>Places of this node's own containers in networks that a cluster owns. The second implementation is an engine without a cluster.</summary>
internal interface INetworkAttachments
{
    /// <summary>A container that an earlier run attached goes on to hold its place.</summary>
    void Adopt(AttachmentRecord hold);

    /// <summary>Asks for a place and waits until it is known on this node.</summary>
    /// <param name="network">Name or id.</param>
    /// <exception cref="ClusterException">In Docker's words.</exception>
    Task<AttachedNetwork> AttachAsync(string container, string name, string network, ValueList<string> aliases, Ipv4Address? address, CancellationToken ct);

    /// <summary>Gives a container's places back. What no manager hears now is given back as soon as one listens.</summary>
    /// <param name="network">Null: all of them.</param>
    Task ReleaseAsync(string container, NetworkId? network, CancellationToken ct);
}

/// <summary>A place that a container holds.</summary>
internal sealed record AttachmentRecord(string Container, string Name, NetworkId Network, ValueList<string> Aliases, Ipv4Address Address);

/// <summary>A place that a container was given.</summary>
internal sealed record AttachedNetwork(NetworkId Network, string Name, Ipv4Address Address, int PrefixLength, Ipv4Address Gateway, bool Internal);

/// <summary>Without a cluster there are no networks but the node's.</summary>
internal sealed class NoNetworkAttachments : INetworkAttachments
{
    public void Adopt(AttachmentRecord hold)
    {
    }

    public Task<AttachedNetwork> AttachAsync(string container, string name, string network, ValueList<string> aliases, Ipv4Address? address, CancellationToken ct)
        => throw new ClusterException(ErrorKind.NotFound, $"network {network} not found");

    public Task ReleaseAsync(string container, NetworkId? network, CancellationToken ct) => Task.CompletedTask;
}
