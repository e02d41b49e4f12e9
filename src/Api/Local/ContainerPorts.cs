using System.Globalization;
using Skep.Worker.Local;
using Skep.Worker.Standalone;

namespace Skep.Api.Local;

/// <summary>Published ports of a request. Pure.</summary>
internal static class ContainerPorts
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: a port is none; <see cref="ErrorKind.NotImplemented"/>: an address of its own.</exception>
    public static ValueList<StandalonePort> Of(WireContainerCreate body, WireContainerHostConfig host, ImageSettings? image)
    {
        var ports = new List<StandalonePort>();
        foreach ((string text, List<WirePortBinding>? bindings) in host.PortBindings ?? [])
        {
            (int target, PortProtocol protocol) = Parse(text);
            foreach (WirePortBinding binding in bindings is { Count: > 0 } ? bindings : [new WirePortBinding("", "")])
            {
                if (binding.HostIp is "::")
                    continue; // The CLI asks for both families of a port that is bound to any address.
                if (binding.HostIp is not (null or "" or "0.0.0.0"))
                    throw new ClusterException(ErrorKind.NotImplemented, $"HostConfig.PortBindings: {text} is bound to {binding.HostIp}, but ports are published on all addresses of the node; leave the address out");
                ports.Add(new StandalonePort(protocol, target, HostPort(binding.HostPort ?? "")));
            }
        }

        if (host.PublishAllPorts)
        {
            foreach (string text in (body.ExposedPorts ?? []).Keys.Concat(image?.ExposedPorts ?? []).Distinct())
            {
                (int target, PortProtocol protocol) = Parse(text);
                if (ports.All(p => p.TargetPort != target || p.Protocol != protocol))
                    ports.Add(new StandalonePort(protocol, target, 0));
            }
        }

        return ports.ToValueList();
    }

    public static (int Port, PortProtocol Protocol) Parse(string text)
    {
        string[] parts = text.Split('/', 2);
        PortProtocol protocol = WireWords.ReadProtocol(parts.Length > 1 ? parts[1] : "tcp");
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536
            ? (port, protocol)
            : throw ClusterException.Invalid($"invalid port specification: \"{text}\"");
    }

    private static int HostPort(string text)
    {
        if (text.Length == 0 || text == "0")
            return 0;
        // A range means any of them; the first is one.
        string first = text.Split('-', 2)[0];
        return int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536
            ? port
            : throw ClusterException.Invalid($"invalid port specification: \"{text}\"");
    }
}
