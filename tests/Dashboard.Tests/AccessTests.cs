using System.Net;
using System.Net.Sockets;
using System.Text;
using Skep.Dashboard.Access;
using Skep.Dashboard.Pages;

namespace Skep.Dashboard.Tests;

/// <summary>The served page, with an engine that is not there: who may ask what.</summary>
public sealed class AccessTests
{
    private static readonly TimeProvider Time = TimeProvider.System;

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task<(DashboardServer Server, HttpClient Client)> StartAsync(bool isOpen = false)
    {
        int port = FreePort();
        DashboardServer server = await DashboardServer.StartAsync("unix:///nonexistent/engine.sock", new IPEndPoint(IPAddress.Loopback, port), isOpen, keyFile: null, logs: null, Time, CancellationToken.None);
        return (server, new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") });
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/app.js")]
    [InlineData("/api/stream")]
    [InlineData("/api/logs?kind=services&id=x")]
    [InlineData("/?token=guess")]
    public async Task Nothing_is_shown_without_a_session(string path)
    {
        (DashboardServer server, HttpClient client) = await StartAsync();
        await using (server)
        using (client)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(path)).StatusCode);
        }
    }

    [Fact]
    public async Task A_token_opens_the_page_once_and_its_cookie_is_out_of_scripts_reach()
    {
        (DashboardServer server, HttpClient client) = await StartAsync();
        await using (server)
        using (client)
        {
            string token = server.Sessions.MintToken();
            HttpResponseMessage page = await client.GetAsync("/?token=" + token);
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            Assert.Contains("script-src 'self'", string.Concat(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.DoesNotContain("http", (await page.Content.ReadAsStringAsync()).Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.Ordinal);
            using var other = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = client.BaseAddress };
            Assert.Equal(HttpStatusCode.Unauthorized, (await other.GetAsync("/?token=" + token)).StatusCode);
            HttpResponseMessage exchanged = await other.GetAsync("/?token=" + server.Sessions.MintToken());
            string cookie = string.Concat(exchanged.Headers.GetValues("Set-Cookie"));
            Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("1", "http://evil.example")]
    public async Task An_action_another_page_could_send_is_refused(string? header, string? origin)
    {
        (DashboardServer server, HttpClient client) = await StartAsync();
        await using (server)
        using (client)
        {
            await client.GetAsync("/?token=" + server.Sessions.MintToken());
            Assert.Equal(HttpStatusCode.Forbidden, (await ActAsync(client, header, origin)).StatusCode);
            Assert.Equal(HttpStatusCode.BadGateway, (await ActAsync(client, "1", null)).StatusCode);
        }
    }

    [Fact]
    public async Task An_open_page_only_shows()
    {
        (DashboardServer server, HttpClient client) = await StartAsync(isOpen: true);
        await using (server)
        using (client)
        {
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/")).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await ActAsync(client, "1", null)).StatusCode);
        }
    }

    [Fact]
    public void A_token_is_good_for_minutes_only()
    {
        var time = new Skep.Testing.ManualTimeProvider();
        var sessions = new Sessions(time);
        string early = sessions.MintToken(), late = sessions.MintToken();
        string? session = sessions.Exchange(early);
        Assert.True(sessions.IsOpen(session));
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.Null(sessions.Exchange(late));
        Assert.True(sessions.IsOpen(session));
        time.Advance(TimeSpan.FromHours(13));
        Assert.False(sessions.IsOpen(session));
    }

    private static async Task<HttpResponseMessage> ActAsync(HttpClient client, string? header, string? origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/actions") { Content = new StringContent("""{"action":"force","id":"x"}""", Encoding.UTF8, "application/json") };
        if (header is not null)
        {
            request.Headers.Add("X-Skep", header);
        }

        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        return await client.SendAsync(request);
    }
}
