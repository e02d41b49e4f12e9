using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Skep.Testing;
using Skep.Testing.Clusters;

namespace Skep.Api.Tests;

/// <summary>Clients that go away in the middle are everyday: no errors, no stack traces.</summary>
public sealed class HangUpTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("POST /secrets/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"Name\"")]
    [InlineData("POST /secrets/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"Name\"")]
    [InlineData("POST /secrets/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n{\"Name\"")]
    [InlineData("GET /events HTTP/1.1\r\nHost: d\r\n\r\n")]
    public async Task A_client_that_closes_early_leaves_debug_lines_only(string request)
    {
        await using ApiHarness server = await ApiHarness.StartAsync();
        using (var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await client.ConnectAsync(new UnixDomainSocketEndPoint(server.SocketPath));
            await client.SendAsync(Encoding.ASCII.GetBytes(request));
            // The server is at it; what it answers is not read, so that closing resets the connection.
            await Eventually.TrueAsync(() => Task.FromResult(server.Log.Lines.Any(l => l.Text.StartsWith("Request starting", StringComparison.Ordinal))), Limit, () => "the request");
            if (request.Contains("100-continue", StringComparison.Ordinal) || request.StartsWith("GET", StringComparison.Ordinal))
            {
                Assert.True(client.Poll(Limit, SelectMode.SelectRead));
            }
        }

        await Eventually.TrueAsync(() => Task.FromResult(server.Log.Lines.Any(l => l.Text.StartsWith("Request finished", StringComparison.Ordinal))), Limit, () => "the end");
        Assert.DoesNotContain(server.Log.Lines, l => l.Level >= LogLevel.Warning);
    }
}
