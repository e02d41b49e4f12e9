using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Skep.Testing.Containers;

namespace Skep.Testing.Registries;

/// <summary>A registry in this process that can be made to ask for tokens, break off, stall or know no ranges.</summary>
public sealed class FakeRegistry : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeRegistry(X509Certificate2? certificate)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    /// <summary>127.0.0.1:port.</summary>
    public string Domain => new Uri(_app.Urls.First()).Authority;

    public ConcurrentDictionary<string, (string Type, byte[] Bytes)> Manifests { get; } = new();

    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <summary>Method, path with query, and what was said of ranges and of who asks.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public bool KnowsRanges { get; set; } = true;

    /// <summary>Bytes after which the first answer with a blob breaks off.</summary>
    public int? BreaksOffAfter { get; set; }

    /// <summary>Blobs begin and then nothing more comes.</summary>
    public bool Stalls { get; set; }

    /// <summary>Null: everybody may. Else the token that opens the door.</summary>
    public string? Token { get; set; }

    /// <summary>Nobody gets a token.</summary>
    public bool KnowsNobody { get; set; }

    public string Scheme { get; private init; } = "http";

    public static async Task<FakeRegistry> StartAsync(X509Certificate2? certificate = null)
    {
        var registry = new FakeRegistry(certificate) { Scheme = certificate is null ? "http" : "https" };
        await registry._app.StartAsync();
        return registry;
    }

    public string AddBlob(byte[] bytes)
    {
        string digest = TestImage.Sha(bytes);
        Blobs[digest] = bytes;
        return digest;
    }

    public string AddManifest(string tag, string type, string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        string digest = TestImage.Sha(bytes);
        Manifests[tag] = Manifests[digest] = (type, bytes);
        return digest;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext http)
    {
        string path = http.Request.Path.Value!;
        string authorization = http.Request.Headers.Authorization.ToString();
        if (path == "/token")
        {
            string form = http.Request.HasFormContentType ? string.Join('&', (await http.Request.ReadFormAsync()).OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value}")) : http.Request.QueryString.Value!;
            Requests.Enqueue($"{http.Request.Method} /token {form} {authorization}".TrimEnd());
            http.Response.StatusCode = KnowsNobody ? 401 : 200;
            await http.Response.WriteAsync($$"""{"access_token":"{{Token}}"}""");
            return;
        }

        Requests.Enqueue($"{http.Request.Method} {path} {http.Request.Headers.Range}".TrimEnd());
        if (Token is not null && authorization != $"Bearer {Token}")
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{Scheme}://{Domain}/token\",service=\"hive\",scope=\"repository:team/app:pull\"";
            return;
        }

        string name = path[(path.LastIndexOf('/') + 1)..];
        if (path.Contains("/manifests/", StringComparison.Ordinal) && Manifests.TryGetValue(name, out (string Type, byte[] Bytes) manifest))
        {
            http.Response.ContentType = manifest.Type;
            await http.Response.Body.WriteAsync(manifest.Bytes);
        }
        else if (path.Contains("/blobs/", StringComparison.Ordinal) && Blobs.TryGetValue(name, out byte[]? blob))
        {
            await SendAsync(http, blob);
        }
        else if (path != "/v2/")
        {
            http.Response.StatusCode = 404;
            await http.Response.WriteAsync("""{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}""");
        }
    }

    private async Task SendAsync(HttpContext http, byte[] blob)
    {
        int from = 0;
        if (KnowsRanges && http.Request.GetTypedHeaders().Range?.Ranges.First().From is { } start)
        {
            from = (int)start;
            http.Response.StatusCode = 206;
        }

        http.Response.ContentLength = blob.Length - from;
        if (Stalls)
        {
            await http.Response.Body.WriteAsync(blob.AsMemory(from, 1));
            await http.Response.Body.FlushAsync();
            await new TaskCompletionSource().Task.WaitAsync(http.RequestAborted);
        }

        if (BreaksOffAfter is { } most && most < blob.Length - from)
        {
            BreaksOffAfter = null;
            await http.Response.Body.WriteAsync(blob.AsMemory(from, most));
            await http.Response.Body.FlushAsync();
            http.Abort();
            return;
        }

        await http.Response.Body.WriteAsync(blob.AsMemory(from));
    }
}
