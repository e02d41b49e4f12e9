using System.Net.Security;

namespace Skep.Cli.Engine;

/// <summary>Where the daemon listens: a socket file, an address, perhaps behind TLS, or a machine that ssh reaches.</summary>
internal sealed record EngineHost(string Text)
{
    public const string Default = "unix:///run/skep/skep.sock";

    /// <summary>An address that is silent for so long is taken for dead; the kernel would wait for minutes.</summary>
    public static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(30);

    private const int PlainPort = 2375;
    private const int SecurePort = 2376;

    /// <summary>Null unless it is a socket file.</summary>
    public string? SocketPath { get; private init; }

    /// <summary>Null unless it is an address.</summary>
    public Uri? Address { get; private init; }

    public TlsSettings? Tls { get; private init; }

    /// <summary>Null unless ssh is the way.</summary>
    public SshTarget? Ssh { get; private init; }

    /// <summary>The variable or context that named it; null: a flag, or nobody.</summary>
    public string? Source { get; init; }

    /// <summary>As messages name it.</summary>
    public string Named => Source is null ? Text : $"{Text} ({Source})";

    /// <summary>What the Host header says.</summary>
    public string Authority => Address is null ? "localhost" : Address.Authority;

    /// <exception cref="CliException">The text names no place that can be reached.</exception>
    public static EngineHost Parse(string text, TlsSettings? tls = null)
    {
        if (text.StartsWith("unix://", StringComparison.Ordinal))
        {
            string path = text["unix://".Length..];
            return path.Length > 0 ? new EngineHost(text) { SocketPath = path } : throw Unparsable(text);
        }

        if (text.StartsWith('/'))
        {
            return new EngineHost($"unix://{text}") { SocketPath = text };
        }

        if (text.StartsWith("ssh://", StringComparison.Ordinal))
        {
            return new EngineHost(text) { Ssh = SshTarget.Parse(text) };
        }

        // Docker's CLI knows no address without a scheme, but people write them.
        string http = text.StartsWith("tcp://", StringComparison.Ordinal) ? $"http://{text["tcp://".Length..]}"
            : text.Contains("://", StringComparison.Ordinal) ? text
            : text.Contains(':', StringComparison.Ordinal) || text.Contains('.', StringComparison.Ordinal) ? $"http://{text}" : throw Unparsable(text);
        if (!http.StartsWith("http", StringComparison.Ordinal) || !Uri.TryCreate(http.TrimEnd('/'), UriKind.Absolute, out Uri? address))
        {
            throw Unparsable(text);
        }

        tls ??= address.Scheme == "https" ? new TlsSettings(null, null, null, Verify: true) : null;
        bool hasPort = !address.IsDefaultPort || text.Contains(":80", StringComparison.Ordinal) || text.Contains(":443", StringComparison.Ordinal);
        return new EngineHost(text) { Address = hasPort ? address : new UriBuilder(address) { Port = tls is null ? PlainPort : SecurePort }.Uri, Tls = tls };
    }

    /// <summary>A connection of its own.</summary>
    public async Task<EngineConnection> OpenAsync(CancellationToken cancellation)
    {
        if (SocketPath is { } path)
        {
            return EngineConnection.OpenUnix(path, cancellation);
        }

        if (Ssh is { } target)
        {
            return EngineConnection.Over(target.Open());
        }

        EngineConnection plain = await EngineConnection.OpenTcpAsync(Address!.Host.Trim('[', ']'), Address.Port, cancellation);
        if (Tls is null)
        {
            return plain;
        }

        SslStream secure = await Tls.SecureAsync(plain, Address.Host, cancellation);
        return EngineConnection.Over(secure, async () => await secure.ShutdownAsync());
    }

    private static UnparsableHostException Unparsable(string text) => new(text);
}

/// <summary>The text names no place; in Docker's words.</summary>
internal sealed class UnparsableHostException(string text) : CliException($"unable to parse docker host `{text}`");
