using System.Net.Sockets;
using System.Text;

namespace Skep.Cli.Tests;

/// <summary>A request as the daemon saw it, its path without the version.</summary>
internal sealed record SeenRequest(string Method, string Path, string Query, string? RegistryAuth, string Body)
{
    public override string ToString() => Query.Length > 0 ? $"{Method} {Path}?{Query}" : $"{Method} {Path}";
}

/// <summary>What the daemon answers.</summary>
internal sealed record FakeAnswer(int Status, string Body, string ContentType = "application/json")
{
    public byte[]? Bytes { get; init; }
}

/// <summary>A daemon on a unix socket that answers what a test tells it to, and keeps what it was asked.</summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skt-cli-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<SeenRequest, FakeAnswer?> _answer;
    private readonly Task _serving;

    public FakeEngine(Func<SeenRequest, FakeAnswer?> answer)
    {
        _answer = answer;
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "s")));
        _listener.Listen();
        _serving = ServeAsync();
    }

    public string Host => $"unix://{_folder}/s";

    public List<SeenRequest> Requests { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _serving;
        _end.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ServeAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                connections.Add(ConnectionAsync(await _listener.AcceptAsync(_end.Token)));
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ConnectionAsync(Socket socket)
    {
        await using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            while (await ReadAsync(stream) is { } request)
            {
                lock (Requests)
                {
                    Requests.Add(request);
                }

                FakeAnswer answer = request.Path == "/_ping" ? new FakeAnswer(200, "") : _answer(request) ?? new FakeAnswer(404, """{"message":"page not found"}""");
                byte[] body = request.Method == "HEAD" ? [] : answer.Bytes ?? Encoding.UTF8.GetBytes(answer.Body);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 {answer.Status} X\r\nApi-Version: 1.50\r\nOstype: linux\r\nContent-Type: {answer.ContentType}\r\nContent-Length: {body.Length}\r\n\r\n"), _end.Token);
                await stream.WriteAsync(body, _end.Token);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            return;
        }
    }

    private async Task<SeenRequest?> ReadAsync(NetworkStream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _end.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        string[] lines = head.ToString().Split("\r\n");
        string[] first = lines[0].Split(' ');
        string? Header(string name) => lines.FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
        byte[] body = new byte[int.Parse(Header("Content-Length") ?? "0")];
        await stream.ReadExactlyAsync(body, _end.Token);
        string[] target = first[1].Split('?', 2);
        string path = target[0].StartsWith("/v1.", StringComparison.Ordinal) ? target[0][target[0].IndexOf('/', 1)..] : target[0];
        return new SeenRequest(first[0], Uri.UnescapeDataString(path), target.Length > 1 ? Uri.UnescapeDataString(target[1]) : "", Header("X-Registry-Auth"), Encoding.UTF8.GetString(body));
    }
}
