using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Skep.Cli.Engine;

/// <summary>Why no daemon answers at the place that was named, in one line that says what to look at.</summary>
internal static class ConnectTrouble
{
    private const int LongestShown = 60;

    /// <summary>The connection did not come to be.</summary>
    public static CliException NoConnection(EngineHost host, SocketException failure)
    {
        if (failure.SocketErrorCode == SocketError.AccessDenied)
        {
            return new CliException($"permission denied while trying to connect to the Skep daemon at {host.Named}: run as root, or become a member of the socket's group, whose members are root there");
        }

        string place = $"Cannot connect to the Skep daemon at {host.Named}";
        if (host.Address is not { } address)
        {
            return new CliException($"{place}. Is skepd running? Start it (systemctl start skep), or name another socket with -H or SKEP_HOST.");
        }

        string name = address.Host, port = address.Port.ToString(CultureInfo.InvariantCulture);
        return new CliException(failure.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery =>
                $"{place}: the host name {name} does not resolve, DNS gave no address for it. Check its spelling, or give an IP address.",
            SocketError.ConnectionRefused => $"{place}: nothing listens on port {port} there. Is skepd running on that machine, with --host?",
            SocketError.NetworkUnreachable or SocketError.HostUnreachable => $"{place}: there is no way from here to {name} ({failure.Message}). Check the address, and this machine's routes.",
            SocketError.TimedOut => $"{place}: it does not answer within {EngineHost.ConnectLimit.TotalSeconds:0} s. Is the machine up, and is {port}/tcp open?",
            _ => $"{place}: {failure.Message}",
        });
    }

    /// <summary>The connection stood, and what came over it was no answer of a daemon.</summary>
    public static CliException NoAnswer(EngineHost host, string request, IOException failure)
    {
        string stranger = $"what listens at {host.Named} is no Skep or Docker daemon";
        return new CliException(failure switch
        {
            NotHttpException { IsTls: true } or EndOfStreamException when host is { Address: not null, Tls: null } =>
                $"{host.Named} gives no answer to plain HTTP: if it serves TLS, add --tlsverify; else {stranger}",
            NotHttpException strange => $"{stranger}: it answered \"{Shown(strange.Line)}\"",
            NotTlsException => $"{host.Named} does not speak TLS: leave TLS out, or give the port that serves it",
            EndOfStreamException when host.Ssh is { } ssh => $"the connection to {host.Named} ended before a daemon answered: what ssh said is above; skep or docker must be installed there, and {ssh.Destination} allowed to use it",
            _ => $"error during connect: {request}: {failure.Message}",
        });
    }

    /// <summary>It speaks HTTP, but has nothing where every daemon has its version.</summary>
    public static CliException NoDaemon(EngineHost host, HttpStatusCode status)
        => new(string.Create(CultureInfo.InvariantCulture, $"what listens at {host.Named} is no Skep or Docker daemon: it answered HEAD /_ping with {(int)status}{(host is { Address: not null, Tls: null } ? "; if it serves TLS, add --tlsverify" : "")}"));

    /// <summary>Printable, and not long: it comes from a stranger.</summary>
    private static string Shown(string line)
    {
        string plain = new([.. line.Take(LongestShown).Select(static c => char.IsControl(c) || c > '~' ? '?' : c)]);
        return line.Length > LongestShown ? $"{plain}..." : plain;
    }
}

/// <summary>The other side's first line is no HTTP.</summary>
internal sealed class NotHttpException(string line) : IOException($"malformed HTTP response \"{line}\"")
{
    private const char Alert = (char)0x15;

    public string Line { get; } = line;

    /// <summary>It is an alert of TLS.</summary>
    public bool IsTls => Line.StartsWith(Alert);
}

/// <summary>The other side answered a TLS hello with something else.</summary>
internal sealed class NotTlsException(string message, Exception inner) : IOException(message, inner);
