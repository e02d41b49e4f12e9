using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Skep.Engine.Containers;

namespace Skep.Engine.Networks;

/// <summary>Chooses the node's ports for a container's. Pure, but for the question whether a program of the node has one.</summary>
internal static class HostPortAllocator
{
    /// <summary>Where Docker, too, looks for a port that nobody named.</summary>
    private const int FirstDynamic = 32768;
    private const int LastDynamic = 60999;

    /// <param name="taken">What other containers have.</param>
    /// <param name="refusal">Why a program of the node stands in the way of a port; null when none does.</param>
    /// <param name="endpoint">For the error: the container's name.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Internal"/>, as Docker answers it: somebody has the port.</exception>
    public static ValueList<LocalPort> Choose(ValueList<StandalonePort> wishes, IEnumerable<LocalPort> taken, Func<LocalPort, string?> refusal, string endpoint)
    {
        List<LocalPort> present = [.. taken];
        var chosen = new List<LocalPort>();
        foreach (StandalonePort wish in wishes)
        {
            Ipv4Address? address = Ipv4Address.TryParse(wish.HostAddress, out Ipv4Address own) ? own : null;
            (int first, int last) = wish.HostPort == 0 ? (FirstDynamic, LastDynamic) : (wish.HostPort, Math.Max(wish.HostPort, wish.LastHostPort));
            string reason = "";
            LocalPort? found = null;
            for (int number = first; number <= last && found is null; number++)
            {
                var candidate = new LocalPort(wish.Protocol, wish.TargetPort, number, address);
                if (present.Any(p => Clash(p, candidate)))
                {
                    reason = $"Bind for {address ?? Ipv4Address.Any}:{number} failed: port is already allocated";
                }
                else if (refusal(candidate) is { } inTheWay)
                {
                    reason = $"failed to bind host port for {address ?? Ipv4Address.Any}:{number}/{wish.Protocol.ToString().ToLowerInvariant()}: {inTheWay}";
                }
                else
                {
                    found = candidate;
                }
            }

            present.Add(found ?? throw new ClusterException(
                ErrorKind.Internal, $"failed to set up container networking: driver failed programming external connectivity on endpoint {endpoint}: {reason}"));
            chosen.Add(found);
        }

        return chosen.ToValueList();
    }

    /// <summary>Asks the kernel by binding the port for a moment.</summary>
    public static string? RefusalOfKernel(LocalPort port)
    {
        if (port.Protocol == PortProtocol.Sctp)
        {
            return null;
        }

        try
        {
            bool isUdp = port.Protocol == PortProtocol.Udp;
            using var socket = new Socket(AddressFamily.InterNetwork, isUdp ? SocketType.Dgram : SocketType.Stream, isUdp ? ProtocolType.Udp : ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(port.Address is { } address ? IPAddress.Parse(address.ToString()) : IPAddress.Any, port.PublishedPort));
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "address already in use",
                SocketError.AddressNotAvailable => "cannot assign requested address",
                _ => e.Message.ToLower(CultureInfo.InvariantCulture),
            };
        }
    }

    private static bool Clash(LocalPort one, LocalPort other)
        => one.Protocol == other.Protocol && one.PublishedPort == other.PublishedPort && (one.Address is null || other.Address is null || one.Address == other.Address);
}
