using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Tests.Kernel;

public sealed class ListeningSocketsTests
{
    [Theory]
    [InlineData("0: 00000000:0016 00000000:0000 0A 00000000:00000000", PortProtocol.Tcp, "0.0.0.0", 22, true)]
    [InlineData("0: 0100007F:0016 00000000:0000 0A 00000000:00000000", PortProtocol.Tcp, "0.0.0.0", 22, true)] // on one address: all of them are not free
    [InlineData("0: 0100007F:0016 00000000:0000 0A 00000000:00000000", PortProtocol.Tcp, "192.168.50.11", 22, false)]
    [InlineData("0: 0B32A8C0:0016 00000000:0000 0A 00000000:00000000", PortProtocol.Tcp, "192.168.50.11", 22, true)]
    [InlineData("0: 00000000:0016 00000000:0000 0A 00000000:00000000", PortProtocol.Tcp, "192.168.50.11", 22, true)]
    [InlineData("0: 00000000:0017 00000000:0000 0A 00000000:00000000", PortProtocol.Tcp, "0.0.0.0", 22, false)]
    [InlineData("0: 0B32A8C0:0016 0C32A8C0:9C40 01 00000000:00000000", PortProtocol.Tcp, "0.0.0.0", 22, false)] // a connection of the host's own
    [InlineData("0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0:0", PortProtocol.Tcp, "0.0.0.0", 22, true)]
    [InlineData("0: 0000000000000000FFFF00000B32A8C0:0016 00000000000000000000000000000000:0000 0A 0:0", PortProtocol.Tcp, "192.168.50.11", 22, true)]
    [InlineData("0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0:0", PortProtocol.Tcp, "0.0.0.0", 22, false)] // ::1 is not ours to publish
    [InlineData("0: 00000000:0035 00000000:0000 07 00000000:00000000", PortProtocol.Udp, "0.0.0.0", 53, true)]
    [InlineData("0: 0B32A8C0:0035 0C32A8C0:0035 01 00000000:00000000", PortProtocol.Udp, "0.0.0.0", 53, false)]
    [InlineData("  sl  local_address rem_address   st tx_queue rx_queue", PortProtocol.Tcp, "0.0.0.0", 22, false)]
    [InlineData("", PortProtocol.Tcp, "0.0.0.0", 22, false)]
    public void A_listener_is_known_by_its_line(string line, PortProtocol protocol, string address, int port, bool isInTheWay)
        => Assert.Equal(isInTheWay, ListeningSockets.IsInTheWay(line, new BoundPort(Ipv4Address.Parse(address), new PublishedPort(protocol, port))));
}
