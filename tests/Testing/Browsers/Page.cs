using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Skep.Testing.Clusters;

namespace Skep.Testing.Browsers;

/// <summary>One page of a browser: looks, clicks, types; remembers what it asked for and what it complained of.</summary>
public sealed class Page : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Browser _browser;

    internal Page(Browser browser, string session, string context) => (_browser, Session, Context) = (browser, session, context);

    internal string Session { get; }

    internal string Context { get; }

    /// <summary>Every address it asked for.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Errors, refused requests and breaches of its content policy, as its console has them.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    public Task GoToAsync(string url) => _browser.CallAsync(Session, "Page.navigate", new JsonObject { ["url"] = url });

    public Task ReloadAsync() => _browser.CallAsync(Session, "Page.reload");

    /// <summary>The value of an expression; promises are waited for.</summary>
    /// <exception cref="BrowserException">It threw.</exception>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        JsonNode answer = await _browser.CallAsync(Session, "Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true }).ConfigureAwait(false);
        return answer["exceptionDetails"] is { } thrown
            ? throw new BrowserException($"{expression}: {thrown["exception"]?["description"] ?? thrown["text"]}")
            : answer["result"]!["value"]?.DeepClone();
    }

    public async Task<string> TextAsync(string selector) => (string?)await EvaluateAsync($"document.querySelector({Quoted(selector)})?.innerText ?? ''").ConfigureAwait(false) ?? "";

    public Task<int> CountAsync(string selector) => NumberAsync($"document.querySelectorAll({Quoted(selector)}).length");

    public async Task<int> NumberAsync(string expression) => (int)(double)(await EvaluateAsync(expression).ConfigureAwait(false))!;

    /// <summary>Waits for an expression to be true; what is seen meanwhile is told when it does not come.</summary>
    public Task UntilAsync(string expression, string what, TimeSpan? limit = null) => Eventually.BecomesAsync(
            async () => (await EvaluateAsync($"!!({expression})").ConfigureAwait(false))?.GetValue<bool>() == true ? null
                : $"the page does not show {what}; it shows: {await EvaluateAsync("document.body.innerText.replace(/\\s+/g, ' ').slice(0, 1500)").ConfigureAwait(false)}",
            limit ?? Limit);

    public Task UntilTextAsync(string selector, string text) => UntilAsync($"document.querySelector({Quoted(selector)})?.innerText.includes({Quoted(text)})", $"\"{text}\" in {selector}");

    /// <summary>Clicks with the mouse what a selector finds, in its middle, as soon as it stands still.</summary>
    public async Task ClickAsync(string selector)
    {
        await UntilAsync($"document.querySelector({Quoted(selector)})", selector).ConfigureAwait(false);
        JsonNode at = (await EvaluateAsync($$"""
            (async () => {
              const e = document.querySelector({{Quoted(selector)}});
              e.scrollIntoView({ block: 'center', behavior: 'instant' });
              await new Promise(requestAnimationFrame);
              const r = e.getBoundingClientRect();
              return { x: r.x + r.width / 2, y: r.y + r.height / 2 };
            })()
            """).ConfigureAwait(false))!;
        foreach (string type in new[] { "mousePressed", "mouseReleased" })
        {
            await _browser.CallAsync(Session, "Input.dispatchMouseEvent", new JsonObject { ["type"] = type, ["x"] = (double)at["x"]!, ["y"] = (double)at["y"]!, ["button"] = "left", ["clickCount"] = 1 }).ConfigureAwait(false);
        }
    }

    /// <summary>Presses keys one after the other: "Tab", "Enter", "Escape", "ArrowRight", or a character.</summary>
    public async Task PressAsync(params string[] keys)
    {
        foreach (string key in keys)
        {
            string? text = key == "Enter" ? "\r" : key.Length == 1 ? key : null;
            int code = key switch { "Tab" => 9, "Enter" => 13, "Escape" => 27, "ArrowLeft" => 37, "ArrowUp" => 38, "ArrowRight" => 39, "ArrowDown" => 40, _ => char.ToUpperInvariant(key[0]) };
            var down = new JsonObject { ["type"] = text is null ? "rawKeyDown" : "keyDown", ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code };
            if (text is not null)
            {
                down["text"] = text;
            }

            await _browser.CallAsync(Session, "Input.dispatchKeyEvent", down).ConfigureAwait(false);
            await _browser.CallAsync(Session, "Input.dispatchKeyEvent", new JsonObject { ["type"] = "keyUp", ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code }).ConfigureAwait(false);
        }
    }

    /// <param name="isPhone">Touch, and the width a phone tells.</param>
    public Task SizeAsync(int width, int height, bool isPhone = false, double scale = 1) => _browser.CallAsync(
        Session,
        "Emulation.setDeviceMetricsOverride",
        new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = scale, ["mobile"] = isPhone });

    /// <param name="scheme">light or dark.</param>
    public Task SchemeAsync(string scheme) => _browser.CallAsync(
        Session,
        "Emulation.setEmulatedMedia",
        new JsonObject { ["features"] = new JsonArray { new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme } } });

    /// <summary>What is seen, as PNG.</summary>
    public async Task<byte[]> ScreenshotAsync()
        => Convert.FromBase64String((string)(await _browser.CallAsync(Session, "Page.captureScreenshot", new JsonObject { ["format"] = "png" }).ConfigureAwait(false))["data"]!);

    public async ValueTask DisposeAsync() => await _browser.CloseAsync(this).ConfigureAwait(false);

    /// <summary>A string as a script writes it.</summary>
    public static string Quoted(string text) => JsonValue.Create(text).ToJsonString();

    internal void Take(string method, JsonNode about)
    {
        switch (method)
        {
            case "Network.requestWillBeSent":
                Requests.Enqueue((string)about["request"]!["url"]!);
                break;
            case "Log.entryAdded" when (string?)about["entry"]!["level"] is "error" or "warning":
                Complaints.Enqueue($"{about["entry"]!["text"]} {about["entry"]!["url"]}");
                break;
            case "Runtime.exceptionThrown":
                Complaints.Enqueue($"{about["exceptionDetails"]!["exception"]?["description"] ?? about["exceptionDetails"]!["text"]}");
                break;
            case "Runtime.consoleAPICalled" when (string?)about["type"] is "error" or "warning":
                Complaints.Enqueue($"console: {about["args"]}");
                break;
        }
    }
}
