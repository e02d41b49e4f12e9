using System.Globalization;
using Skep.Cli.Parsing;
using Skep.Cli.Services.Values;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary>Reads the values of flags that only containers have: ports with host addresses, devices, restart policies.</summary>
/// <remarks>Source: docker/go-connections:nat/nat.go, docker/cli:opts.</remarks>
internal static class PublishValue
{
    /// <summary>One published port: <c>80/tcp</c> and where it is reached.</summary>
    internal readonly record struct Binding(string Port, WirePortBinding Host);

    /// <summary><c>[[ip:]host:]container[/protocol]</c>, each port a number or a range; or <c>published=8080,target=80</c>.</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static List<Binding> Read(string text)
    {
        if (text.Contains('=', StringComparison.Ordinal))
        {
            return [.. PortValue.Read(text).Select(static port => new Binding(Port(port.TargetPort, port.Protocol ?? "tcp"), new WirePortBinding("", Number(port.PublishedPort))))];
        }

        string address = "";
        string rest = text;
        if (text.StartsWith('[') && text.IndexOf("]:", StringComparison.Ordinal) is > 0 and var close)
        {
            address = text[1..close];
            rest = text[(close + 2)..];
        }

        string[] parts = rest.Split(':');
        if (address.Length == 0 && parts.Length > 2)
        {
            (address, parts) = (string.Join(':', parts[..^2]), parts[^2..]);
        }

        if (address.Length > 0 && !System.Net.IPAddress.TryParse(address, out _))
        {
            throw new FormatException($"invalid IP address: {address}");
        }

        (string target, string protocol) = Split(parts[^1]);
        string host = parts.Length > 1 ? parts[0] : "";
        if (target.Length == 0)
        {
            throw new FormatException($"no port specified: {text}<empty>");
        }

        (int first, int last) = Range(target, "containerPort");
        (int hostFirst, int hostLast) = host.Length > 0 ? Range(host, "hostPort") : (0, 0);
        int count = last - first;
        if (host.Length > 0 && hostLast - hostFirst != count && count != 0)
        {
            throw new FormatException($"invalid ranges specified for container and host Ports: {target} and {host}");
        }

        // A range of host ports for one container port means any of them.
        return [.. Enumerable.Range(0, count + 1).Select(i => new Binding(
            Port(first + i, protocol),
            new WirePortBinding(address, host.Length == 0 ? "" : count == 0 && hostLast > hostFirst ? host : Number(hostFirst + i))))];
    }

    /// <summary><c>8080</c>, <c>8000-8010/udp</c>.</summary>
    public static IEnumerable<string> Exposed(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
        {
            throw new CliException($"invalid port format for --expose: {text}");
        }

        (string ports, string protocol) = Split(text);
        (int first, int last) = Range(ports, "port for --expose");
        return Enumerable.Range(first, last - first + 1).Select(port => Port(port, protocol));
    }

    /// <summary><c>/dev/fuse[:/dev/inside[:rwm]]</c>.</summary>
    public static WireDeviceMapping Device(string text)
    {
        string[] parts = text.Split(':');
        return parts switch
        {
            [var path] => new WireDeviceMapping(path, path, "rwm"),
            [var path, var access] when IsAccess(access) => new WireDeviceMapping(path, path, access),
            [var path, var inside] => new WireDeviceMapping(path, inside, "rwm"),
            [var path, var inside, var access] when IsAccess(access) => new WireDeviceMapping(path, inside, access),
            _ => throw new FormatException($"invalid device specification: {text}"),
        };

        static bool IsAccess(string text) => text.Length > 0 && text.All(static c => c is 'r' or 'w' or 'm');
    }

    /// <summary><c>no</c>, <c>always</c>, <c>unless-stopped</c>, <c>on-failure[:5]</c>; the daemon knows the names.</summary>
    public static WireRestart Restart(string text)
    {
        string[] parts = text.Split(':', 2);
        return parts switch
        {
            [var name] => new WireRestart(name, 0),
            ["", _] => throw new FormatException("invalid restart policy format: no policy provided before colon"),
            _ when int.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int count) => new WireRestart(parts[0], count),
            _ => throw new FormatException("invalid restart policy format: maximum retry count must be an integer"),
        };
    }

    /// <summary><c>name:address</c>, kept in that form.</summary>
    public static string ExtraHost(string text)
    {
        int split = text.IndexOfAny([':', '=']);
        return split > 0 && split < text.Length - 1
            ? $"{text[..split]}:{text[(split + 1)..].Trim('[', ']')}"
            : throw new FormatException($"bad format for add-host: \"{text}\"");
    }

    private static (string Ports, string Protocol) Split(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string protocol = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant();
        return protocol is "tcp" or "udp" or "sctp" ? (slash < 0 ? text : text[..slash], protocol) : throw new FormatException($"invalid proto: {protocol}");
    }

    private static (int First, int Last) Range(string text, string what)
    {
        string[] parts = text.Split('-', 2);
        return TryPort(parts[0], out int first) && TryPort(parts[^1], out int last) && first <= last ? (first, last) : throw new FormatException($"invalid {what}: {text}");

        static bool TryPort(string text, out int port) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= ushort.MaxValue;
    }

    private static string Port(long port, string protocol) => string.Create(CultureInfo.InvariantCulture, $"{port}/{protocol}");

    private static string Number(long port) => port == 0 ? "" : port.ToString(CultureInfo.InvariantCulture);
}
