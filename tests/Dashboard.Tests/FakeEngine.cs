using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Skep.Dashboard.Tests;

/// <summary>An engine on a socket of its own that counts what it is asked. It has nothing but what a test gives it.</summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skt-dashboard-").FullName;
    private WebApplication? _app;

    public string Host => $"unix://{_folder}/engine.sock";

    /// <summary>Every path asked for, in order, without the query.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>What /_ping tells; null: nothing.</summary>
    public string? ApiVersion { get; set; } = "1.50";

    /// <summary>Runs while /tasks is read.</summary>
    public Action ReadingTasks { get; set; } = static () => { };

    public string Tasks { get; set; } = "[]";

    public int Count(string end) => Asked.Count(p => p.EndsWith(end, StringComparison.Ordinal));

    public async Task<FakeEngine> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.ListenUnixSocket($"{_folder}/engine.sock"));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
        return this;
    }

    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _app!.StopAsync(now.Token);
        await _app.DisposeAsync();
        File.Delete($"{_folder}/engine.sock");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        string path = http.Request.Path.Value!;
        Asked.Enqueue(path);
        if (path == "/_ping")
        {
            if (ApiVersion is not null)
            {
                http.Response.Headers["Api-Version"] = ApiVersion;
            }

            await http.Response.WriteAsync("OK");
        }
        else if (path.EndsWith("/events", StringComparison.Ordinal))
        {
            await http.Response.StartAsync();
            await new TaskCompletionSource().Task.WaitAsync(http.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
        else if (path.EndsWith("/tasks", StringComparison.Ordinal))
        {
            ReadingTasks();
            await http.Response.WriteAsync(Tasks);
        }
        else
        {
            await http.Response.WriteAsync("[]");
        }
    }
}
