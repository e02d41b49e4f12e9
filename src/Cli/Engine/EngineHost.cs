namespace Skep.Cli.Engine;

/// <summary>Where the daemon listens.</summary>
internal sealed record EngineHost(string Text, string? SocketPath, Uri? Address)
{
    /// <summary>What the Host header says.</summary>
    public string Authority => Address is null ? "localhost" : Address.Authority;

    public const string Default = "unix:///run/skep/skep.sock";

    /// <summary>A connection of its own.</summary>
    public Task<EngineConnection> OpenAsync(CancellationToken cancellation)
        => SocketPath is { } path ? EngineConnection.OpenUnixAsync(path, cancellation) : EngineConnection.OpenTcpAsync(Address!.Host, Address.Port, cancellation);

    /// <exception cref="CliException">The text names no place that can be reached.</exception>
    public static EngineHost Parse(string text)
    {
        if (text.StartsWith("unix://", StringComparison.Ordinal))
        {
            string path = text["unix://".Length..];
            return path.Length > 0 ? new EngineHost(text, path, null) : throw new CliException($"unable to parse docker host `{text}`");
        }

        if (text.StartsWith('/'))
        {
            return new EngineHost($"unix://{text}", text, null);
        }

        string http = text.StartsWith("tcp://", StringComparison.Ordinal) ? $"http://{text["tcp://".Length..]}" : text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        return http.StartsWith("http", StringComparison.Ordinal) && Uri.TryCreate(http.TrimEnd('/'), UriKind.Absolute, out Uri? address)
            ? new EngineHost(text, null, address.IsDefaultPort && !text.Contains(":80", StringComparison.Ordinal) ? new UriBuilder(address) { Port = 2375 }.Uri : address)
            : throw new CliException($"unable to parse docker host `{text}`");
    }
}
