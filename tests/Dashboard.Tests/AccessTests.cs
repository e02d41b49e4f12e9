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

    private static async Task<(DashboardServer Server, HttpClient Client)> StartAsync(bool isOpen = false, bool showsLogs = false, string host = "unix:///nonexistent/engine.sock")
    {
        int port = FreePort();
        var options = new DashboardOptions { Host = host, Listen = new IPEndPoint(IPAddress.Loopback, port), IsOpen = isOpen, ShowsLogs = showsLogs };
        DashboardServer server = await DashboardServer.StartAsync(options, logs: null, Time, CancellationToken.None);
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

    [Theory]
    [InlineData(true, false, HttpStatusCode.Forbidden)]
    [InlineData(true, true, HttpStatusCode.BadGateway)]
    [InlineData(false, false, HttpStatusCode.BadGateway)]
    public async Task An_open_page_shows_logs_only_when_it_is_asked_to(bool isOpen, bool showsLogs, HttpStatusCode status)
    {
        (DashboardServer server, HttpClient client) = await StartAsync(isOpen, showsLogs);
        await using (server)
        using (client)
        {
            if (!isOpen)
            {
                await client.GetAsync("/?token=" + server.Sessions.MintToken());
            }

            foreach (string kind in (string[])["services", "tasks"])
            {
                HttpResponseMessage answer = await client.GetAsync($"/api/logs?kind={kind}&id=x"); // The engine is not there: who gets so far gets a 502.
                Assert.Equal(status, answer.StatusCode);
                Assert.Equal(status == HttpStatusCode.Forbidden, (await answer.Content.ReadAsStringAsync()).StartsWith("Logs are not shown on a page that is open to everybody", StringComparison.Ordinal));
            }

            Assert.Equal($"data: {{\"readOnly\":{(isOpen ? "true" : "false")},\"logs\":{(status == HttpStatusCode.Forbidden ? "false" : "true")}}}", await FirstLineAsync(client));
        }
    }

    [Fact]
    public async Task Signing_out_ends_the_session_on_the_server()
    {
        (DashboardServer server, HttpClient client) = await StartAsync();
        await using (server)
        using (client)
        {
            string session = await SignInAsync(client, server), other = await SignInAsync(client, server);
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(client, HttpMethod.Get, "/", session)).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(client, HttpMethod.Post, "/api/logout", session)).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(client, HttpMethod.Post, "/api/logout", session, ("X-Skep", "1"), ("Origin", "http://evil.example"))).StatusCode);

            HttpResponseMessage left = await AskAsync(client, HttpMethod.Post, "/api/logout", session, ("X-Skep", "1"));

            Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
            Assert.Contains("expires=Thu, 01 Jan 1970", string.Concat(left.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(client, HttpMethod.Get, "/", session)).StatusCode); // A copy of the cookie is worth nothing.
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(client, HttpMethod.Get, "/", other)).StatusCode);
        }
    }

    [Fact]
    public async Task What_is_being_sent_to_a_session_ends_with_it()
    {
        await using FakeEngine engine = await new FakeEngine().StartAsync();
        (DashboardServer server, HttpClient client) = await StartAsync(host: engine.Host);
        await using (server)
        using (client)
        {
            string session = await SignInAsync(client, server);
            using HttpResponseMessage stream = await AskAsync(client, HttpMethod.Get, "/api/stream", session);
            await AskAsync(client, HttpMethod.Post, "/api/logout", session, ("X-Skep", "1"));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await (await stream.Content.ReadAsStreamAsync()).CopyToAsync(Stream.Null, limit.Token); // Ends.
        }
    }

    [Fact]
    public void A_session_that_was_ended_stays_so_with_its_renewals_and_after_a_restart()
    {
        string folder = Directory.CreateTempSubdirectory("skt-dashboard-").FullName, file = Path.Combine(folder, "key");
        var time = new Skep.Testing.ManualTimeProvider();
        var sessions = new Sessions(time, file);
        string first = sessions.Exchange(sessions.MintToken())!, other = sessions.Exchange(sessions.MintToken())!;
        time.Advance(TimeSpan.FromHours(7));
        string renewed = sessions.Renew(first)!;
        Assert.True(sessions.IsOpen(renewed));

        sessions.End(first);

        foreach (Sessions each in (Sessions[])[sessions, new Sessions(time, file)])
        {
            Assert.False(each.IsOpen(first));
            Assert.False(each.IsOpen(renewed));
            Assert.Null(each.Renew(renewed));
            Assert.True(each.IsEnded(renewed));
            Assert.True(each.IsOpen(other));
        }

        time.Advance(TimeSpan.FromHours(13));
        sessions.End(sessions.Exchange(sessions.MintToken()));
        Assert.Single(File.ReadAllLines(file + ".ended")); // What would have ended by itself is not kept for ever.
        Assert.False(sessions.IsOpen(renewed));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("9999999999.x")]
    [InlineData("9999999999.x.y")]
    [InlineData("9999999999.x.y.z")]
    public void What_nobody_signed_is_no_session(string text)
    {
        var sessions = new Sessions(Time);
        sessions.End(text);
        Assert.False(sessions.IsOpen(text));
        Assert.False(sessions.IsEnded(text));
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

    private static async Task<string?> FirstLineAsync(HttpClient client)
    {
        using HttpResponseMessage stream = await client.GetAsync("/api/stream", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
        return await reader.ReadLineAsync();
    }

    /// <summary>The cookie, NAME=VALUE, kept by nobody but the test.</summary>
    private static async Task<string> SignInAsync(HttpClient client, DashboardServer server)
    {
        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = client.BaseAddress };
        HttpResponseMessage answer = await plain.GetAsync("/?token=" + server.Sessions.MintToken());
        return answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, HttpMethod method, string path, string cookie, params (string Name, string Value)[] headers)
    {
        var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = client.BaseAddress };
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Cookie", cookie);
        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await plain.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
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
