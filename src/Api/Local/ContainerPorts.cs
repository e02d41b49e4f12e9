using System.Globalization;
using Skep.Engine.Containers;
using Skep.Engine.Images;

namespace Skep.Api.Local;

/// <summary>Published ports of a request. Pure.</summary>
internal static class ContainerPorts
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: a port is none; <see cref="ErrorKind.NotImplemented"/>: an IPv6 address.</exception>
    public static ValueList<StandalonePort> Of(WireContainerCreate body, WireContainerHostConfig host, ImageSettings? image)
    {
        var ports = new List<StandalonePort>();
        foreach ((string text, List<WirePortBinding>? bindings) in host.PortBindings ?? [])
        {
            (int target, PortProtocol protocol) = Parse(text);
            foreach (WirePortBinding binding in bindings is { Count: > 0 } ? bindings : [new WirePortBinding("", "")])
            {
                if (binding.HostIp is "::")
                {
                    continue; // The CLI asks for both families of a port that is bound to any address.
                }

                (int first, int last) = HostPorts(binding.HostPort ?? "");
                ports.Add(new StandalonePort(protocol, target, first) { LastHostPort = last, HostAddress = HostAddress(text, binding.HostIp ?? "") });
            }
        }

        if (host.PublishAllPorts)
        {
            foreach (string text in (body.ExposedPorts ?? []).Keys.Concat(image?.ExposedPorts ?? []).Distinct())
            {
                (int target, PortProtocol protocol) = Parse(text);
                if (ports.All(p => p.TargetPort != target || p.Protocol != protocol))
                {
                    ports.Add(new StandalonePort(protocol, target, 0));
                }
            }
        }

        return ports.ToValueList();
    }

    public static (int Port, PortProtocol Protocol) Parse(string text)
    {
        string[] parts = text.Split('/', 2);
        PortProtocol protocol = WireEnums.ReadProtocol(parts.Length > 1 ? parts[1] : "tcp");
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536
            ? (port, protocol)
            : throw ClusterException.Invalid($"invalid port specification: \"{text}\"");
    }

    /// <summary>What a container says it listens on, and its image.</summary>
    public static ValueList<string> Exposed(WireContainerCreate body, WireContainerHostConfig host, ImageSettings? image)
        => (body.ExposedPorts ?? []).Keys.Concat(host.PortBindings?.Keys ?? Enumerable.Empty<string>()).Concat(image?.ExposedPorts ?? [])
            .Select(Parse).Distinct().Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Port}/{p.Protocol.ToWire()}")).ToValueList();

    private static string HostAddress(string port, string text)
    {
        if (text is "" or "0.0.0.0")
        {
            return "";
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"HostConfig.PortBindings: {port} is bound to {text}, but ports are published on IPv4 addresses only");
        }

        return Ipv4Address.TryParse(text, out Ipv4Address address) ? address.ToString() : throw ClusterException.Invalid($"invalid IP address: {text}");
    }

    /// <summary>One port, or a range any of which will do. 0: it is chosen.</summary>
    private static (int First, int Last) HostPorts(string text)
    {
        if (text.Length == 0 || text == "0")
        {
            return (0, 0);
        }

        string[] ends = text.Split('-', 2);
        return (Number(ends[0]), ends.Length == 1 ? 0 : Number(ends[1]));

        int Number(string part) => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536
            ? port
            : throw ClusterException.Invalid($"invalid port specification: \"{text}\"");
    }
}
