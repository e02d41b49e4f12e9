using System.Globalization;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Services.Values;

/// <summary>Reads <c>--publish</c>: <c>8080:80/udp</c>, <c>8000-8002:80-82</c>, <c>published=8080,target=80,mode=host</c>.</summary>
/// <remarks>Source: docker/cli:opts/swarmopts/port.go.</remarks>
internal static class PortValue
{
    public static List<WirePort> Read(string text) => text.Contains('=', StringComparison.Ordinal) ? Long(text) : Short(text);

    /// <summary>The target port, protocol and perhaps published port that <c>--publish-rm</c> names.</summary>
    public static (long Target, string? Protocol, long? Published) ReadRemoval(string text)
    {
        if (text.Contains('=', StringComparison.Ordinal))
        {
            WirePort port = Long(text)[0];
            return (port.TargetPort, port.Protocol, port.PublishedPort == 0 ? null : port.PublishedPort);
        }

        (string ports, string? protocol) = SplitProtocol(text);
        string[] parts = ports.Split(':');
        return (Range(parts[^1], text).First, protocol, parts.Length > 1 ? Range(parts[0], text).First : null);
    }

    private static List<WirePort> Long(string text)
    {
        long target = 0;
        (long First, long Last) published = (0, 0);
        string protocol = "tcp";
        string mode = "ingress";
        foreach (string field in GoValues.Csv(text))
        {
            (string key, string value) = GoValues.Pair(field);
            if (!field.Contains('=', StringComparison.Ordinal) || value.Length == 0)
            {
                throw new FormatException($"invalid field: {field}");
            }

            switch (key.Trim().ToLowerInvariant())
            {
                case "protocol":
                    protocol = value is "tcp" or "udp" or "sctp" ? value : throw new FormatException($"invalid protocol value '{value}'");
                    break;
                case "mode":
                    mode = value is "host" or "ingress" ? value : throw new FormatException($"invalid publish mode value ({value}): must be either 'ingress' or 'host'");
                    break;
                case "target":
                    target = Range(value, text, "target").First;
                    break;
                case "published":
                    published = Range(value, text, "published");
                    break;
                default:
                    throw new FormatException($"invalid field key: {key}");
            }
        }

        if (target == 0)
        {
            throw new FormatException("missing mandatory field \"target\"");
        }

        List<WirePort> ports = [];
        for (long port = published.First; port <= published.Last; port++)
        {
            ports.Add(new WirePort { Protocol = protocol, TargetPort = target + (port - published.First), PublishedPort = port, PublishMode = mode });
        }

        return ports;
    }

    private static List<WirePort> Short(string text)
    {
        (string ports, string? protocol) = SplitProtocol(text);
        string[] parts = ports.Split(':');
        if (parts.Length > 2)
        {
            throw new FormatException("hostip is not supported");
        }

        (long First, long Last) target = Range(parts[^1], text);
        (long First, long Last) published = parts.Length > 1 && parts[0].Length > 0 ? Range(parts[0], text) : (0, 0);
        long count = target.Last - target.First;
        if (published.First > 0 && published.Last - published.First != count)
        {
            throw new FormatException($"invalid ranges specified for container and host Ports: {parts[^1]} and {parts[0]}");
        }

        List<WirePort> found = [];
        for (long i = 0; i <= count; i++)
        {
            found.Add(new WirePort
            {
                Protocol = protocol ?? "tcp",
                TargetPort = target.First + i,
                PublishedPort = published.First == 0 ? 0 : published.First + i,
                PublishMode = "ingress",
            });
        }

        return found;
    }

    private static (string Ports, string? Protocol) SplitProtocol(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return (text, null);
        }

        string protocol = text[(slash + 1)..].ToLowerInvariant();
        return protocol is "tcp" or "udp" or "sctp" ? (text[..slash], protocol) : throw new FormatException($"invalid proto: {protocol}");
    }

    private static (long First, long Last) Range(string text, string whole, string? field = null)
    {
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        string first = dash < 0 ? text : text[..dash];
        string last = dash < 0 ? text : text[(dash + 1)..];
        return Port(first, out long from) && Port(last, out long to) && from <= to
            ? (from, to)
            : throw new FormatException(field is null ? $"invalid containerPort: {whole}" : $"invalid {field} port ({text}): value must be an integer: strconv.ParseUint: parsing \"{text}\": invalid syntax");
    }

    private static bool Port(string text, out long port) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= ushort.MaxValue;
}
