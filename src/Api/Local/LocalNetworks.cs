using System.Security.Cryptography;
using System.Text;
using Skep.Engine;
using Skep.Engine.Containers;
using Skep.Engine.Networks;

namespace Skep.Api.Local;

/// <summary>The networks a node has of its own: those every node has, and those its users made.</summary>
internal static class LocalNetworks
{
    /// <summary>The way out for containers on overlay networks, by Docker's name. It is there on every node of a swarm; its containers reach the world and not each other.</summary>
    public const string Gateway = "docker_gwbridge";

    private static readonly (string Name, string Driver)[] BuiltInNames = [("bridge", "bridge"), ("host", "host"), ("none", "null")];

    public static bool IsBuiltIn(string name) => BuiltInNames.Any(n => n.Name == name) || name is "ingress" or Gateway;

    public static IEnumerable<WireNetwork> All(INodeContext node)
    {
        IEnumerable<WireNetwork> all = BuiltInNames.Select(n => BuiltIn(node, n.Name, n.Driver)).Concat((node.Local?.OwnNetworks ?? []).Select(ToWire));
        return node.Lifecycle.State().State != LocalNodeState.Active ? all : all.Append(BuiltIn(node, Gateway, "bridge") with
        {
            Options = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["com.docker.network.bridge.enable_icc"] = "false",
                ["com.docker.network.bridge.enable_ip_masquerade"] = "true",
            },
        });
    }

    /// <summary>By name, id or unambiguous beginning of an id.</summary>
    public static WireNetwork? Find(INodeContext node, string name)
    {
        WireNetwork[] all = [.. All(node)];
        if (all.FirstOrDefault(n => n.Name == name || n.Id == name) is { } exact)
        {
            return exact;
        }

        return name.Length > 0 && all.Where(n => n.Id!.StartsWith(name, StringComparison.Ordinal)).Take(2).ToArray() is [var only] ? only : null;
    }

    public static WireNetwork ToWire(LocalNetwork network) => new()
    {
        Name = network.Name,
        Id = network.Id,
        Created = network.CreatedAt,
        Scope = "local",
        Driver = network.Driver,
        EnableIPv4 = true,
        Ipam = new WireIpam
        {
            Driver = "default",
            Options = [],
            Config =
            [
                new WireIpamPool
                {
                    Subnet = network.Subnet.ToString(),
                    IpRange = network.Range?.ToString() ?? "",
                    Gateway = network.Gateway.ToString(),
                    AuxiliaryAddresses = network.Auxiliary.Count == 0 ? null : new(network.Auxiliary),
                },
            ],
        },
        Internal = network.Internal,
        Attachable = network.Attachable,
        ConfigFrom = new WireConfigFrom { Network = network.ConfigFrom },
        ConfigOnly = network.IsConfigOnly,
        Containers = [],
        Options = new(network.Options),
        Labels = new(network.Labels),
    };

    /// <summary>64 hexadecimal digits that stay the same on one node.</summary>
    public static string IdOf(string hostname, string name) => Hash($"skep network {hostname} {name}");

    /// <summary>A container's place in a network, as a number that stays the same while it is there.</summary>
    public static string EndpointIdOf(LocalContainer container, LocalEndpoint endpoint)
        => container.State is ContainerState.Running or ContainerState.Paused ? Hash($"skep endpoint {container.Id} {endpoint.Network} {container.StartedAt:O}") : "";

    /// <summary>Who is in a network now.</summary>
    /// <param name="key">Its id as endpoints have it; of one every node has, its name.</param>
    public static async Task<Dictionary<string, WireNetworkContainer>> ContainersOnAsync(ContainerEngine? local, string key, CancellationToken ct)
    {
        var found = new Dictionary<string, WireNetworkContainer>(StringComparer.Ordinal);
        foreach (LocalContainer container in local is null ? [] : await local.ListContainersAsync(all: false, ct))
        {
            foreach (LocalEndpoint endpoint in container.Networks.Where(e => e.Network.Value == key))
            {
                found[container.Id] = new WireNetworkContainer
                {
                    Name = container.Name,
                    EndpointId = EndpointIdOf(container, endpoint),
                    MacAddress = endpoint.Mac?.ToString() ?? "",
                    IPv4Address = endpoint.Address is { } address ? NetworkMapping.WithPrefix(address, endpoint.PrefixLength) : "",
                    IPv6Address = "",
                };
            }
        }

        return found;
    }

    private static WireNetwork BuiltIn(INodeContext node, string name, string driver) => new()
    {
        Name = name,
        Id = IdOf(node.Facts.Hostname, name),
        Scope = "local",
        Driver = driver,
        EnableIPv4 = true,
        Ipam = new WireIpam { Driver = "default", Config = driver == "bridge" ? [new WireIpamPool { Subnet = "172.18.0.0/16", Gateway = "172.18.0.1" }] : [] },
        ConfigFrom = new WireConfigFrom { Network = "" },
        Containers = [],
        Options = [],
        Labels = [],
    };

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
