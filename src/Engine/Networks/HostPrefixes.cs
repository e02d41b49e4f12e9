using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Skep.Engine.Networks;

/// <summary>What the machine itself has of networks.</summary>
internal static class HostPrefixes
{
    public static bool HasLink(string name) => NetworkInterface.GetAllNetworkInterfaces().Any(i => i.Name == name);

    /// <summary>The subnets it lies in, which a network chosen for it must not cover.</summary>
    public static IEnumerable<Ipv4Prefix> Read() => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(i => i.GetIPProperties().UnicastAddresses)
        .Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork && a.PrefixLength is > 0 and <= 32)
        .Select(a => Ipv4Prefix.Parse($"{a.Address}/{a.PrefixLength}"));
}
