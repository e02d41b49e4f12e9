using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Skep.Engine.Containers;

namespace Skep.Api.Local;

/// <summary>A container's networks and ports in the shapes of the Engine API. Pure.</summary>
internal static class ContainerNetworks
{
    /// <param name="node">The node's hostname, which the ids of its built-in networks come from.</param>
    public static WireContainerNetworks Settings(LocalContainer container, string node)
    {
        Dictionary<string, WireEndpointSettings> networks = Networks(container, node);
        bool isAlive = IsAlive(container);
        // The fields of old, which only the default bridge fills.
        WireEndpointSettings? bridge = networks.GetValueOrDefault("bridge");
        return new WireContainerNetworks
        {
            Bridge = "",
            IPv6Gateway = "",
            GlobalIPv6Address = "",
            SandboxId = isAlive ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"skep sandbox {container.Id} {container.StartedAt:O}"))) : "",
            SandboxKey = isAlive ? container.NetworkNamespace : "",
            Ports = isAlive ? Bindings(container) : [],
            EndpointId = bridge?.EndpointId ?? "",
            Gateway = bridge?.Gateway ?? "",
            IpAddress = bridge?.IpAddress ?? "",
            IpPrefixLength = bridge?.IpPrefixLength ?? 0,
            MacAddress = bridge?.MacAddress ?? "",
            Networks = networks,
        };
    }

    public static Dictionary<string, WireEndpointSettings> Networks(LocalContainer container, string node)
    {
        var networks = new Dictionary<string, WireEndpointSettings>(StringComparer.Ordinal);
        bool isAlive = IsAlive(container);
        foreach (StandaloneEndpoint wish in isAlive ? [] : container.Standalone?.Endpoints ?? [])
        {
            networks[wish.Network] = Endpoint(container, new LocalEndpoint(new NetworkId(""), wish.Network, null, 0) { Aliases = wish.Aliases }, node);
        }

        foreach (LocalEndpoint endpoint in isAlive || container.Standalone is null ? container.Networks : [])
        {
            networks[endpoint.Name] = Endpoint(container, endpoint, node);
        }

        return networks;
    }

    public static List<WireContainerPort> Ports(LocalContainer container) =>
    [
        .. container.Ports.Select(p => new WireContainerPort { Ip = AddressOf(p), PrivatePort = p.TargetPort, PublicPort = p.PublishedPort, Type = p.Protocol.ToWire() }),
        .. Unpublished(container).Select(ContainerPorts.Parse).Select(p => new WireContainerPort { PrivatePort = p.Port, Type = p.Protocol.ToWire() }),
    ];

    private static Dictionary<string, List<WirePortBinding>?> Bindings(LocalContainer container)
    {
        var bindings = new Dictionary<string, List<WirePortBinding>?>(StringComparer.Ordinal);
        foreach (string port in Unpublished(container))
        {
            bindings[port] = null;
        }

        foreach (IGrouping<string, LocalPort> published in container.Ports.GroupBy(Name))
        {
            bindings[published.Key] = [.. published.Select(p => new WirePortBinding(AddressOf(p), p.PublishedPort.ToString(CultureInfo.InvariantCulture)))];
        }

        return bindings;
    }

    private static WireEndpointSettings Endpoint(LocalContainer container, LocalEndpoint endpoint, string node)
    {
        bool isBuiltIn = LocalNetworks.IsBuiltIn(endpoint.Name);
        Ipv4Address? wished = container.Standalone?.Endpoints.FirstOrDefault(e => e.Network == endpoint.Name)?.Address;
        return new WireEndpointSettings
        {
            IpamConfig = wished is { } address ? new WireEndpointIpam { IPv4Address = address.ToString() } : null,
            Aliases = endpoint.Aliases.IsEmpty ? null : [.. endpoint.Aliases],
            MacAddress = endpoint.Mac?.ToString() ?? "",
            NetworkId = isBuiltIn && endpoint.Name != "ingress" ? LocalNetworks.IdOf(node, endpoint.Name) : endpoint.Network.Value ?? "",
            EndpointId = LocalNetworks.EndpointIdOf(container, endpoint),
            Gateway = endpoint.Gateway?.ToString() ?? "",
            IpAddress = endpoint.Address?.ToString() ?? "",
            IpPrefixLength = endpoint.PrefixLength,
            IPv6Gateway = "",
            GlobalIPv6Address = "",
            DnsNames = isBuiltIn ? null : [.. endpoint.Aliases.Prepend(container.Name).Append(container.Id[..12]).Append(container.Hostname).Where(n => n.Length > 0).Distinct()],
        };
    }

    private static bool IsAlive(LocalContainer container) => container.State is ContainerState.Running or ContainerState.Paused;

    private static IEnumerable<string> Unpublished(LocalContainer container)
        => !IsAlive(container) ? [] : (container.Standalone?.Exposed ?? []).Except(container.Ports.Select(Name));

    private static string Name(LocalPort port) => string.Create(CultureInfo.InvariantCulture, $"{port.TargetPort}/{port.Protocol.ToWire()}");

    private static string AddressOf(LocalPort port) => port.Address?.ToString() ?? "0.0.0.0";
}
