using Skep.Model;

namespace Skep.Wire.Mapping;

public static class PortMapping
{
    public static WirePort ToWire(this PortConfig port) => new()
    {
        Name = port.Name.OrAbsent(),
        Protocol = port.Protocol.ToWire(),
        TargetPort = port.TargetPort,
        PublishedPort = port.PublishedPort,
        PublishMode = port.Mode.ToWire(),
    };

    public static PortConfig ToModel(this WirePort port)
        => new(WireEnums.ReadProtocol(port.Protocol), Number(port.TargetPort), Number(port.PublishedPort), WireEnums.ReadPublishMode(port.PublishMode)) { Name = port.Name ?? "" };

    public static WireEndpointSpec ToWire(this EndpointSpec endpoint) => new() { Mode = endpoint.Mode.ToWire(), Ports = endpoint.Ports.OrAbsent(ToWire) };

    public static EndpointSpec ToModel(this WireEndpointSpec endpoint)
        => new(WireEnums.ReadEndpointMode(endpoint.Mode)) { Ports = endpoint.Ports.ToModel(ToModel) };

    private static int Number(long port)
        => port is >= 0 and <= 65535 ? (int)port : throw ClusterException.Invalid($"port '{port}' is out of range: ports are 0 to 65535");
}
