using System.Globalization;
using System.Net;

namespace Skep.Manager.Dispatch;

/// <summary>What a node may say of itself. It is stored, told to every other node, printed in terminals and written to logs: so it is checked where it comes in.</summary>
/// <remarks>Source for names: RFC 1123 §2.1; underscores are let through, since Linux' own host names may have them.</remarks>
internal static class NodeDescriptionRules
{
    /// <summary>Largest encoded description, in bytes.</summary>
    public const int MaxBytes = 64 << 10;

    private const int LongestName = 253, LongestLabel = 63, LongestText = 255, LongestLabelValue = 4096;

    /// <exception cref="ClusterException">InvalidArgument: names the field and the fix.</exception>
    public static void Check(NodeDescription description)
    {
        CheckHostname(description.Hostname);
        CheckText("operating system", description.Platform.Os);
        CheckText("architecture", description.Platform.Architecture);
        CheckText("engine version", description.EngineVersion);
        foreach ((string key, string value) in description.EngineLabels)
        {
            CheckText("engine label", key);
            CheckText($"engine label {key}", value, LongestLabelValue);
        }

        foreach (EnginePlugin plugin in description.Plugins)
        {
            CheckText("plugin type", plugin.Type);
            CheckText("plugin name", plugin.Name);
        }

        CheckHeldPorts(description.HeldPorts);
        CheckResources(description.Resources);
        CheckDataPath(description.DataPathAddress);
        if (description.PeerAddress.Length > 0)
        {
            CheckEndPoint("peer address", description.PeerAddress);
        }
    }

    private static void CheckHostname(string name)
    {
        if (name.Length is 0 or > LongestName || !name.Split('.').All(IsLabel))
        {
            throw ClusterException.Invalid($"hostname {Shown(name)} is not valid: letters, digits, '-' and '_' in parts of at most {LongestLabel} joined by dots; set another with --hostname");
        }
    }

    private static bool IsLabel(string label)
        => label.Length is > 0 and <= LongestLabel && label[0] != '-' && label[^1] != '-' && label.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static void CheckText(string field, string value, int longest = LongestText)
    {
        if (value.Length > longest || value.Any(char.IsControl))
        {
            throw ClusterException.Invalid($"{field} {Shown(value)} is not valid: at most {longest} characters, no control characters");
        }
    }

    private static void CheckHeldPorts(ValueList<string> ports)
    {
        if (ports.Count > NodeDescription.MostHeldPorts)
        {
            throw ClusterException.Invalid($"{ports.Count} held ports are not valid: a node names at most {NodeDescription.MostHeldPorts}");
        }

        foreach (string port in ports)
        {
            if (port.Split('/') is not [{ } number, "tcp" or "udp"] || !ushort.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ushort value) || value == 0)
            {
                throw ClusterException.Invalid($"held port {Shown(port)} is not valid: PORT/tcp or PORT/udp");
            }
        }
    }

    private static void CheckResources(Resources resources)
    {
        if (resources.NanoCpus < 0 || resources.MemoryBytes < 0)
        {
            throw ClusterException.Invalid("resources are not valid: processors and memory are not negative");
        }

        foreach (GenericResource generic in resources.Generic)
        {
            CheckText("generic resource", generic.Kind);
            CheckText($"generic resource {generic.Kind}", generic.NamedValue ?? "");
        }
    }

    private static void CheckDataPath(string address)
    {
        if (address.Length > 0 && (!IPAddress.TryParse(address, out IPAddress? ip) || ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.Broadcast) || ip.IsIPv6Multicast || ip.GetAddressBytes()[0] is >= 224 and <= 239))
        {
            throw ClusterException.Invalid($"data path address {Shown(address)} is not valid: an IP address of one machine; set it with --data-path-addr");
        }
    }

    /// <summary>Whether it can be called at all.</summary>
    internal static void CheckEndPoint(string field, string address)
    {
        int colon = address.LastIndexOf(':');
        bool isValid = colon > 0 && address.Length <= LongestText
            && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            && Uri.CheckHostName(address[..colon]) != UriHostNameType.Unknown;
        if (!isValid)
        {
            throw ClusterException.Invalid($"{field} {Shown(address)} is not valid: HOST:PORT; set it with --advertise-addr");
        }
    }

    /// <summary>For messages that go to logs and terminals: cut, and without what steers them.</summary>
    private static string Shown(string value) => $"\"{string.Concat(value.Take(64).Select(static c => char.IsControl(c) ? '?' : c))}{(value.Length > 64 ? "…" : "")}\"";
}
