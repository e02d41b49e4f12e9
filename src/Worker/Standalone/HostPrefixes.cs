using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Skep.Worker.Standalone;

/// <summary>The subnets this machine lies in, which a network chosen for it must not cover.</summary>
internal static class HostPrefixes
{
    public static IEnumerable<Ipv4Prefix> Read() => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(i => i.GetIPProperties().UnicastAddresses)
        .Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork && a.PrefixLength is > 0 and <= 32)
        .Select(a => Ipv4Prefix.Parse($"{a.Address}/{a.PrefixLength}"));
}
