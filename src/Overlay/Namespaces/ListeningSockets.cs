using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Skep.Overlay.Namespaces;

/// <summary>What programs of a namespace listen on, as /proc/net tells (man 5 proc).</summary>
internal static class ListeningSockets
{
    private const string Listening = "0A";

    /// <summary>Those of the ports on which a program listens, or which for UDP it has bound: on this address, on all, or on one of them when all are meant.</summary>
    public static IEnumerable<BoundPort> Among(IReadOnlyCollection<BoundPort> ports, KernelThread thread, NamespaceHandle host)
        => ports.GroupBy(p => p.Port.Protocol == PortProtocol.Udp).SelectMany(ofProtocol =>
        {
            List<string> lines = LinesOf(ofProtocol.Key ? "udp" : "tcp", thread, host);
            return ofProtocol.Where(port => lines.Exists(line => IsInTheWay(line, port)));
        });

    private static List<string> LinesOf(string protocol, KernelThread thread, NamespaceHandle host)
    {
        using var calls = new NamespaceCalls();
        int[] files = [calls.OpenFile($"/proc/thread-self/net/{protocol}"), calls.OpenFile($"/proc/thread-self/net/{protocol}6")];
        thread.RunIn(host.File, calls);
        // A file of /proc/net is of the namespace in which it was opened.
        return [.. files.Where(f => calls.ErrnoOf(f) == 0).SelectMany(f => Lines((int)calls.ResultOf(f)))];
    }

    /// <param name="line">As of /proc/net/tcp: number, local address and port, remote address and port, state, …; in hexadecimal, addresses in the machine's order of bytes.</param>
    internal static bool IsInTheWay(string line, BoundPort bound)
    {
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 4 || fields[1].Split(':') is not [{ } address, { } port] || !int.TryParse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int number))
        {
            return false;
        }

        bool isWaiting = bound.Port.Protocol == PortProtocol.Udp ? fields[2].EndsWith(":0000", StringComparison.Ordinal) : fields[3] == Listening;
        return isWaiting && number == bound.Port.Port && (bound.Address == Ipv4Address.Any ? IsIpv4OrAll(address) : IsAll(address) || Ipv4Of(address) == bound.Address);
    }

    private static bool IsAll(string address) => address.All(static c => c == '0');

    private static bool IsIpv4OrAll(string address) => IsAll(address) || Ipv4Of(address) is not null;

    /// <summary>Null: an address of IPv6 only.</summary>
    private static Ipv4Address? Ipv4Of(string address)
    {
        const string mapped = "0000000000000000FFFF0000";
        string last = address.Length == 8 ? address : address.StartsWith(mapped, StringComparison.Ordinal) ? address[mapped.Length..] : "";
        if (!uint.TryParse(last, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint bytes))
        {
            return null;
        }

        return Ipv4Address.From((byte)bytes, (byte)(bytes >> 8), (byte)(bytes >> 16), (byte)(bytes >> 24));
    }

    private static IEnumerable<string> Lines(int file)
    {
        using var reader = new StreamReader(new FileStream(new SafeFileHandle(file, ownsHandle: true), FileAccess.Read));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
