using System.Security.Cryptography;
using System.Text;

namespace Skep.Api.Local;

/// <summary>The networks every node has of its own.</summary>
internal static class LocalNetworks
{
    private static readonly (string Name, string Driver)[] s_builtIn = [("bridge", "bridge"), ("host", "host"), ("none", "null")];

    public static bool IsBuiltIn(string name) => s_builtIn.Any(n => n.Name == name) || name == "ingress";

    public static IEnumerable<WireNetwork> All(INodeContext node) => s_builtIn.Select(n => new WireNetwork
    {
        Name = n.Name,
        Id = IdOf(node.Facts.Hostname, n.Name),
        Scope = "local",
        Driver = n.Driver,
        EnableIPv4 = true,
        Ipam = new WireIpam { Driver = "default", Config = [] },
        ConfigFrom = new WireConfigFrom { Network = "" },
        Containers = [],
        Options = [],
        Labels = [],
    });

    /// <summary>64 hexadecimal digits that stay the same on one node.</summary>
    private static string IdOf(string hostname, string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"skep network {hostname} {name}")));
}
