using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Skep.Rpc.Security;

namespace Skep.Host.Node;

/// <summary>Turns what users give for addresses (address, interface, either with a port, or nothing) into what the node binds and advertises.</summary>
/// <remarks>Source: moby/moby:daemon/cluster/listen_addr.go.</remarks>
internal static class NodeAddresses
{
    public const int DefaultPort = 2377;

    /// <summary>host:port to bind.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    public static string Listen(string given, string fallback)
    {
        (string host, int port) = Split(given.Length > 0 ? given : fallback);
        return $"{(host.Length == 0 ? "0.0.0.0" : Resolve(host, "listen"))}:{port}";
    }

    /// <summary>host:port that others are told.</summary>
    /// <param name="listen">What <see cref="Listen"/> gave: its address if it is one, and its port.</param>
    /// <param name="towards">Managers to be reached, or empty: the address the machine would speak to the first of them from is taken.</param>
    public static string Advertise(string given, string? fallback, string listen, IReadOnlyList<string> towards)
    {
        (string listenHost, int listenPort) = Split(listen);
        if (given.Length == 0 && fallback is { Length: > 0 })
        {
            given = fallback;
        }

        if (given.Length > 0)
        {
            (string host, int port) = Split(given, listenPort);
            return $"{Resolve(host, "advertise")}:{port}";
        }

        if (listenHost != "0.0.0.0")
        {
            return $"{listenHost}:{listenPort}";
        }

        return $"{(towards.Count > 0 ? SourceTowards(towards) : OnlyAddress())}:{listenPort}";
    }

    /// <summary>The address of VXLAN: as given, else the advertised one.</summary>
    public static string DataPath(string given, string advertise) => given.Length > 0 ? Resolve(given, "data path") : Split(advertise).Host;

    public static (string Host, int Port) Split(string text, int defaultPort = DefaultPort)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            return (text, defaultPort);
        }

        return int.TryParse(text.AsSpan(colon + 1), out int port) && port is > 0 and < 65536
            ? (text[..colon], port)
            : throw ClusterException.Invalid($"invalid address \"{text}\": the port must be a number from 1 to 65535");
    }

    /// <summary>host:port of a manager that somebody named.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: nothing that can be called.</exception>
    public static string Remote(string given)
    {
        (string host, int port) = Split(given.Trim());
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6
            ? $"{host}:{port}"
            : throw ClusterException.Invalid($"invalid manager address \"{given}\": give HOST:PORT or HOST, as \"swarm join-token\" prints it on a manager");
    }

    private static string Resolve(string host, string what)
    {
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return address.ToString();
        }

        string[] addresses = [.. NetworkInterface.GetAllNetworkInterfaces().Where(i => i.Name == host).SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork).Select(a => a.Address.ToString())];
        return addresses switch
        {
            [var only] => only,
            [] => throw ClusterException.Invalid($"{what} address must be a non-zero IP address or network interface (with optional port number): \"{host}\" is neither, or the interface has no IPv4 address"),
            _ => throw ClusterException.Invalid($"interface {host} has more than one IPv4 address ({string.Join(" and ", addresses)}): give one of them as the {what} address"),
        };
    }

    private static string OnlyAddress()
    {
        (string Interface, string Address)[] all = [.. NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback && !i.Name.StartsWith("skep-", StringComparison.Ordinal))
            .SelectMany(i => i.GetIPProperties().UnicastAddresses.Where(a => a.Address.AddressFamily == AddressFamily.InterNetwork).Select(a => (i.Name, a.Address.ToString())))];
        return all switch
        {
            [var only] => only.Address,
            [] => throw ClusterException.Invalid("could not find the system's IP address - specify it with --advertise-addr"),
            [var first, var second, ..] => throw ClusterException.Invalid(
                $"could not choose an IP address to advertise since this system has multiple addresses on {(first.Interface == second.Interface ? $"interface {first.Interface}" : "different interfaces")} ({first.Address} on {first.Interface} and {second.Address} on {second.Interface}) - specify one with --advertise-addr"),
        };
    }

    private static string SourceTowards(IReadOnlyList<string> remotes)
    {
        var troubles = new List<string>();
        foreach (string remote in remotes)
        {
            (string host, int port) = Split(remote);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                probe.Connect(host, port); // Sends nothing: the kernel only chooses the route.
                return ((IPEndPoint)probe.LocalEndPoint!).Address.ToString();
            }
            catch (SocketException e)
            {
                troubles.Add(CallTrouble.Describe("manager", remote, e));
            }
        }

        throw new ClusterException(ErrorKind.Unavailable, string.Join("; ", troubles));
    }
}
