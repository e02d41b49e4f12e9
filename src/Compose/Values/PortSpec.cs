using System.Globalization;
using System.Net;

namespace Skep.Compose;

/// <summary>Ports in short form: <c>[address:][published:]target[/protocol]</c>, each number or range.</summary>
/// <remarks>Source: docker/go-connections:nat and docker/cli:opts/swarmopts/port.go.</remarks>
internal static class PortSpec
{
    public static Format SchemaFormat { get; } = new("ports", static value => value switch
    {
        ComposeValue.Whole whole => TryParse(whole.Value.ToString(CultureInfo.InvariantCulture), null) is not null,
        ComposeValue.Real => false,
        ComposeValue.Text text => TryParse(text.Value, null) is not null,
        _ => false,
    });

    /// <summary>The ports that a text means, ordered by target and protocol; null where it is none. Remarks go to
    /// <paramref name="warnings"/>.</summary>
    public static IReadOnlyList<ComposePort>? TryParse(string text, ICollection<string>? warnings)
    {
        string[] parts = text.Split(':');
        string address = parts.Length > 2 ? string.Join(':', parts[..^2]) : "";
        string published = parts.Length > 1 ? parts[^2] : "";
        string[] tail = parts[^1].Split('/');
        string protocol = tail.Length > 1 && tail[0].Length > 0 && tail[1].Length > 0 ? tail[1].ToLowerInvariant() : "tcp";
        if (protocol is not ("tcp" or "udp" or "sctp") || !IsAddress(ref address) || Range(tail[0]) is not var (first, last))
        {
            return null;
        }

        (int First, int Last) outside = (0, 0);
        if (published.Length > 0)
        {
            if (Range(published) is not { } range || (last > first && range.Last - range.First != last - first))
            {
                return null;
            }

            outside = range;
        }

        List<ComposePort> ports = [];
        for (int target = first; target <= last; target++)
        {
            (int From, int To) host = published.Length == 0 ? (0, 0)
                : first == last ? outside
                : (outside.First + target - first, outside.First + target - first);
            Remark(address, published.Length == 0 ? "" : host.From == host.To ? $"{host.From}" : $"{host.From}-{host.To}", target, protocol, warnings);
            for (int port = host.From; port <= host.To; port++)
            {
                ports.Add(new ComposePort { Mode = "ingress", Target = (uint)target, Published = (uint)port, Protocol = protocol });
            }
        }

        return [.. ports.OrderBy(static port => $"{port.Target}/{port.Protocol}", StringComparer.Ordinal)];
    }

    private static void Remark(string address, string published, int target, string protocol, ICollection<string>? warnings)
    {
        if (warnings is null || address.Length == 0 || IPAddress.Parse(address) is var ip && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
        {
            return;
        }

        string host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        warnings.Add($"ignoring IP-address ({host}:{published}:{target}/{protocol}) service will listen on '0.0.0.0'");
    }

    private static bool IsAddress(ref string address)
    {
        if (address.StartsWith('['))
        {
            if (!address.EndsWith(']'))
            {
                return false;
            }

            address = address[1..^1];
        }

        return address.Length == 0
            || (IPAddress.TryParse(address, out IPAddress? ip)
                && (address.Contains(':', StringComparison.Ordinal) || ip.ToString() == address));
    }

    private static (int First, int Last)? Range(string text)
    {
        string[] ends = text.Split('-');
        return Port(ends[0]) is { } first && Port(ends.Length > 1 ? ends[1] : ends[0]) is { } last && last >= first
            ? (first, last)
            : null;
    }

    private static int? Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) ? port : null;
}
