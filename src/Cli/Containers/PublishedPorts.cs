using System.Globalization;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary>The ports of a container as <c>ps</c> shows them: neighbours in one range, and last those that are published under another number.</summary>
/// <remarks>The order is Docker's: docker/cli:cli/command/formatter/container.go.</remarks>
internal static class PublishedPorts
{
    public static string Describe(IEnumerable<WireContainerPort> ports)
    {
        var shown = new List<string>();
        var moved = new List<string>();
        var open = new Dictionary<(string Address, string Type), (int First, int Last)>();
        var order = new List<(string Address, string Type)>();
        foreach (WireContainerPort port in ports.OrderBy(static p => p.PrivatePort).ThenBy(static p => p.Ip, StringComparer.Ordinal).ThenBy(static p => p.PublicPort).ThenBy(static p => p.Type, StringComparer.Ordinal))
        {
            string address = port.Ip ?? "";
            if (address.Length > 0 && port.PublicPort != port.PrivatePort)
            {
                moved.Add(string.Create(CultureInfo.InvariantCulture, $"{Bracketed(address)}:{port.PublicPort}->{port.PrivatePort}/{port.Type}"));
                continue;
            }

            (string, string) key = (address, port.Type ?? "");
            if (!open.TryGetValue(key, out (int First, int Last) range))
            {
                order.Add(key);
                open[key] = (port.PrivatePort, port.PrivatePort);
            }
            else if (port.PrivatePort == range.Last + 1)
            {
                open[key] = (range.First, port.PrivatePort);
            }
            else
            {
                shown.Add(Range(key, range));
                open[key] = (port.PrivatePort, port.PrivatePort);
            }
        }

        return string.Join(", ", shown.Concat(order.Select(key => Range(key, open[key]))).Concat(moved));
    }

    private static string Range((string Address, string Type) key, (int First, int Last) range)
    {
        string numbers = range.First == range.Last
            ? range.First.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{range.First}-{range.Last}");
        return key.Address.Length == 0 ? $"{numbers}/{key.Type}" : $"{Bracketed(key.Address)}:{numbers}->{numbers}/{key.Type}";
    }

    private static string Bracketed(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
}
