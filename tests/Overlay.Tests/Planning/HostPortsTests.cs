using Skep.Overlay.Planning;

namespace Skep.Overlay.Tests.Planning;

public sealed class HostPortsTests
{
    /// <summary>Held as if it were TCP, it would keep TCP's port of that number from programs, or be reported as held by one, which no manager takes.</summary>
    [Fact]
    public void A_port_that_no_socket_of_ours_can_hold_is_not_asked_for()
    {
        PublishedPort tcp = new(PortProtocol.Tcp, 80), udp = new(PortProtocol.Udp, 80), sctp = new(PortProtocol.Sctp, 80);
        var desired = new DesiredNetwork
        {
            Self = new NodeAddressing(new NodeId("n"), Ipv4Address.Parse("192.168.50.11"), 1, null, "n"),
            PublishedPorts = new[] { tcp, udp, sctp }.ToValueMap(p => p, _ => default(ValueList<PortBackend>)),
        };

        Assert.Equal([new BoundPort(Ipv4Address.Any, tcp), new BoundPort(Ipv4Address.Any, udp)], HostPorts.Of(desired));
    }
}
