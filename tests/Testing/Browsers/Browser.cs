using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Skep.Testing.Browsers;

/// <summary>The browser refused a command, a script threw, or it is gone.</summary>
public sealed class BrowserException(string message) : IOException(message);

/// <summary>A headless Chromium, driven over the DevTools protocol. Ends with this process at the latest: it ends itself when its pipe is closed.</summary>
/// <remarks>Source: Chrome DevTools Protocol; with --remote-debugging-pipe messages are JSON that ends with a zero byte, read from descriptor 3 and written to 4.</remarks>
public sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _waiting = new();
    private readonly ConcurrentDictionary<string, Page> _pages = new(StringComparer.Ordinal);
    private readonly Task _reading;
    private int _last;

    private Browser(Process process)
    {
        _process = process;
        _reading = Task.Run(ReadAsync);
    }

    /// <param name="networkNamespace">File of the network namespace it lives in; null: this process's own.</param>
    public static async Task<Browser> StartAsync(string? networkNamespace)
    {
        string profile = Directory.CreateTempSubdirectory("skep-browser-").FullName;
        string enter = networkNamespace is null ? "" : $"nsenter --net={networkNamespace} ";
        // The shell outlives this process and the browser, outside of the namespace, whose processes are killed with the cluster.
        string command = $"trap '' HUP INT TERM; {enter}chromium --headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync "
            + $"--disable-dev-shm-usage --lang=en --user-data-dir={profile} --remote-debugging-pipe about:blank 3<&0 4>&1 </dev/null >{profile}/log 2>&1; "
            + $"for i in 1 2 3 4 5; do sleep 0.3; rm -rf {profile} && break; done";
        Process process = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var browser = new Browser(process);
        await browser.CallAsync(null, "Browser.getVersion").ConfigureAwait(false);
        return browser;
    }

    /// <summary>A new page with cookies and storage of its own.</summary>
    public async Task<Page> OpenAsync()
    {
        string context = (string)(await CallAsync(null, "Target.createBrowserContext").ConfigureAwait(false))["browserContextId"]!;
        string target = (string)(await CallAsync(null, "Target.createTarget", new JsonObject { ["url"] = "about:blank", ["browserContextId"] = context }).ConfigureAwait(false))["targetId"]!;
        string session = (string)(await CallAsync(null, "Target.attachToTarget", new JsonObject { ["targetId"] = target, ["flatten"] = true }).ConfigureAwait(false))["sessionId"]!;
        var page = new Page(this, session, context);
        _pages[session] = page;
        foreach (string domain in new[] { "Page", "Runtime", "Network", "Log" })
        {
            await CallAsync(session, $"{domain}.enable").ConfigureAwait(false);
        }

        return page;
    }

    /// <exception cref="BrowserException">The browser's refusal, or its end.</exception>
    internal async Task<JsonNode> CallAsync(string? session, string method, JsonObject? parameters = null)
    {
        int id = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (session is not null)
        {
            message["sessionId"] = session;
        }

        byte[] bytes = [.. System.Text.Encoding.UTF8.GetBytes(message.ToJsonString()), 0];
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await _process.StandardInput.BaseStream.WriteAsync(bytes).ConfigureAwait(false);
            await _process.StandardInput.BaseStream.FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }

        try
        {
            JsonNode said = await answer.Task.WaitAsync(Limit).ConfigureAwait(false);
            return said["error"] is { } error ? throw new BrowserException($"{method}: {error["message"]}") : said["result"]!;
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{method}: no answer in {Limit.TotalSeconds:0} s"), e);
        }
    }

    internal async Task CloseAsync(Page page)
    {
        _pages.TryRemove(page.Session, out _);
        await CallAsync(null, "Target.disposeBrowserContext", new JsonObject { ["browserContextId"] = page.Context }).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _process.WaitForExitAsync(limit.Token).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _reading.ConfigureAwait(false);
        _process.Dispose();
        _writing.Dispose();
    }

    private async Task ReadAsync()
    {
        Stream input = _process.StandardOutput.BaseStream;
        byte[] buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        while (await input.ReadAsync(buffer).ConfigureAwait(false) is > 0 and var read)
        {
            for (int at = 0; at < read;)
            {
                int end = Array.IndexOf(buffer, (byte)0, at, read - at);
                message.Write(buffer, at, (end < 0 ? read : end) - at);
                if (end < 0)
                {
                    break;
                }

                Take(JsonNode.Parse(message.GetBuffer().AsSpan(0, (int)message.Length))!);
                message.SetLength(0);
                at = end + 1;
            }
        }

        foreach (TaskCompletionSource<JsonNode> waiting in _waiting.Values)
        {
            waiting.TrySetException(new BrowserException("the browser ended"));
        }
    }

    private void Take(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (_waiting.TryRemove((int)id, out TaskCompletionSource<JsonNode>? waiting))
            {
                waiting.TrySetResult(message);
            }
        }
        else if ((string?)message["sessionId"] is { } session && _pages.TryGetValue(session, out Page? page))
        {
            page.Take((string)message["method"]!, message["params"]!);
        }
    }
}
