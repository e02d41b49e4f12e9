using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skep.Dashboard.Access;
using Skep.Dashboard.Engine;
using Skep.Dashboard.Feed;

namespace Skep.Dashboard.Pages;

/// <summary>Every request: headers, who asks, what for.</summary>
internal sealed class DashboardRoutes(EngineEndpoint engine, ClusterFeed feed, Sessions sessions, DashboardOptions options)
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly string _cookie = $"skep_{options.Listen.Port}";
    private readonly bool _hasLogs = !options.IsOpen || options.ShowsLogs;

    public void AddTo(WebApplication app) => app.Run(ServeAsync);

    private async Task ServeAsync(HttpContext http)
    {
        IHeaderDictionary headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        try
        {
            await RouteAsync(http, http.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The page was closed; there is nobody to answer.
        }
        catch (Exception e) when (e is EngineRefusal or HttpRequestException or IOException or JsonException && !http.Response.HasStarted)
        {
            await SendEventAsync(http, e is EngineRefusal refusal ? refusal.Status : e is JsonException ? 400 : 502, e.Message).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // In the middle of an answer: cutting the connection is the only sign left, and whoever reads it sees that it is not whole.
            http.Abort();
        }
    }

    private Task RouteAsync(HttpContext http, CancellationToken ct)
    {
        string path = http.Request.Path.Value ?? "/";
        bool isGet = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        if (isGet && path == "/_ping")
        {
            return SendEventAsync(http, 200, "OK");
        }

        if (isGet && path == "/" && http.Request.Query["token"] is [{ Length: > 0 } token])
        {
            if (sessions.Exchange(token) is { } session)
            {
                Hand(http, session);
                http.Response.Redirect("/");
                return Task.CompletedTask;
            }
        }

        if (!options.IsOpen && !sessions.IsOpen(http.Request.Cookies[_cookie]))
        {
            return SendEventAsync(http, 401, "This page opens with a link from `skep dashboard`, which is good once. Run it on a manager and open what it prints.");
        }

        if (path is "/" or "/api/stream" && sessions.Renew(http.Request.Cookies[_cookie]) is { } renewed)
        {
            Hand(http, renewed);
        }

        return (isGet, path) switch
        {
            (true, "/api/stream") => StreamAsync(http, ct),
            (true, "/api/logs") => LogsAsync(http, ct),
            (false, "/api/actions") => ActAsync(http, ct),
            (false, "/api/logout") => LeaveAsync(http),
            (true, _) => FileAsync(http, path == "/" ? "index.html" : path[1..], ct),
            _ => SendEventAsync(http, 405, "method not allowed"),
        };
    }

    private void Hand(HttpContext http, string session)
        => http.Response.Cookies.Append(_cookie, session, CookieOf(http));

    private static CookieOptions CookieOf(HttpContext http) => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/" };

    private static async Task FileAsync(HttpContext http, string name, CancellationToken ct)
    {
        using Stream? file = typeof(DashboardRoutes).Assembly.GetManifestResourceStream(name);
        if (file is null)
        {
            await SendEventAsync(http, 404, "not found").ConfigureAwait(false);
            return;
        }

        http.Response.ContentType = Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        http.Response.ContentLength = file.Length;
        await file.CopyToAsync(http.Response.Body, ct).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext http, CancellationToken ct)
    {
        await BeginEventsAsync(http, ct).ConfigureAwait(false);
        await WriteEventAsync(http, Projection.Write(w =>
        {
            w.WriteBoolean("readOnly", options.IsOpen);
            w.WriteBoolean("logs", _hasLogs);
        }), ct).ConfigureAwait(false);
        ChannelReader<string> messages = feed.Join(out Action leave);
        try
        {
            await foreach (string message in messages.ReadAllAsync(ct).ConfigureAwait(false))
            {
                if (HasLeft(http))
                {
                    return;
                }

                await WriteEventAsync(http, message, ct).ConfigureAwait(false);
            }
        }
        finally
        {
            leave();
        }
    }

    /// <summary>The session was ended while something was being sent to it.</summary>
    private bool HasLeft(HttpContext http) => !options.IsOpen && sessions.IsEnded(http.Request.Cookies[_cookie]);

    private async Task LogsAsync(HttpContext http, CancellationToken ct)
    {
        if (!_hasLogs)
        {
            await SendEventAsync(http, 403, "Logs are not shown on a page that is open to everybody; it shows them when it is started with --logs.").ConfigureAwait(false);
            return;
        }

        string kind = http.Request.Query["kind"] == "tasks" ? "tasks" : "services";
        string path = $"{kind}/{Uri.EscapeDataString((string?)http.Request.Query["id"] ?? "")}/logs?follow=true&stdout=true&stderr=true&tail=200&timestamps=true&details=true";
        using HttpResponseMessage answer = await engine.StreamAsync(path, ct).ConfigureAwait(false);
        await BeginEventsAsync(http, ct).ConfigureAwait(false);
        bool isFramed = answer.Content.Headers.ContentType?.MediaType != "application/vnd.docker.raw-stream" || !await IsTerminalAsync(kind, (string)http.Request.Query["id"]!, ct).ConfigureAwait(false);
        await foreach ((int stream, ReadOnlyMemory<byte> data) in LogFrames.ReadAsync(await answer.Content.ReadAsStreamAsync(ct).ConfigureAwait(false), isFramed, ct).ConfigureAwait(false))
        {
            if (HasLeft(http))
            {
                return;
            }

            string line = Encoding.UTF8.GetString(data.Span);
            await WriteEventAsync(http, Projection.Write(w =>
            {
                w.WriteNumber("stream", stream);
                w.WriteString("line", line);
            }), ct).ConfigureAwait(false);
        }
    }

    private async Task<bool> IsTerminalAsync(string kind, string id, CancellationToken ct)
    {
        using JsonDocument found = JsonDocument.Parse(await engine.GetAsync($"{kind}/{Uri.EscapeDataString(id)}", ct).ConfigureAwait(false));
        JsonElement? tty = kind == "tasks" ? Projection.At(found.RootElement, "Spec", "ContainerSpec", "TTY") : Projection.At(found.RootElement, "Spec", "TaskTemplate", "ContainerSpec", "TTY");
        return tty is { ValueKind: JsonValueKind.True };
    }

    /// <summary>A foreign page cannot send this request: the header needs a permission that no answer here gives, and a foreign origin is refused.</summary>
    private async Task ActAsync(HttpContext http, CancellationToken ct)
    {
        if (options.IsOpen || !IsOfThisPage(http.Request))
        {
            await SendEventAsync(http, 403, options.IsOpen ? "this page only shows" : "refused: not sent by this page").ConfigureAwait(false);
            return;
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = 64 << 10;
        }

        using JsonDocument asked = await JsonDocument.ParseAsync(http.Request.Body, default, ct).ConfigureAwait(false);
        JsonElement root = asked.RootElement;
        await ClusterActions.RunAsync(engine, Projection.Text(root, "action") ?? "", Projection.Text(root, "id") ?? "", Projection.Text(root, "value") ?? "", ct).ConfigureAwait(false);
        feed.Nudge();
        http.Response.StatusCode = 204;
    }

    private Task LeaveAsync(HttpContext http)
    {
        if (options.IsOpen || !IsOfThisPage(http.Request))
        {
            return SendEventAsync(http, 403, options.IsOpen ? "nobody is signed in: this page is open to everybody" : "refused: not sent by this page");
        }

        http.Response.Cookies.Delete(_cookie, CookieOf(http));
        sessions.End(http.Request.Cookies[_cookie]);
        http.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static bool IsOfThisPage(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        return request.Headers["X-Skep"] == "1" && (origin.Length == 0 || origin == $"{request.Scheme}://{request.Host}");
    }

    private static async Task BeginEventsAsync(HttpContext http, CancellationToken ct)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        await http.Response.StartAsync(ct).ConfigureAwait(false);
    }

    private static async Task WriteEventAsync(HttpContext http, string json, CancellationToken ct)
    {
        await http.Response.WriteAsync($"data: {json}\n\n", ct).ConfigureAwait(false);
        await http.Response.Body.FlushAsync(ct).ConfigureAwait(false);
    }

    private static async Task SendEventAsync(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        await http.Response.WriteAsync(message + "\n", CancellationToken.None).ConfigureAwait(false);
    }
}
