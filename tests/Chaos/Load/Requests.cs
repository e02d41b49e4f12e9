using System.Collections.Concurrent;
using System.Diagnostics;
using Skep.Testing.Clusters;

namespace Skep.Chaos.Load;

/// <summary>The outside client, asking every node's published port all the time.</summary>
internal sealed class Requests : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, ConcurrentQueue<string>> _failures = new();
    private readonly Task[] _running;
    private int _answers;

    public Requests(TestCluster cluster, int port) => _running = [.. cluster.Nodes.Select(n => Task.Run(() => AskAsync(cluster, n, port)))];

    public int Answers => _answers;

    public string[] FailuresAt(int node) => _failures.TryGetValue(node, out ConcurrentQueue<string>? all) ? [.. all] : [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private async Task AskAsync(TestCluster cluster, int node, int port)
    {
        var watch = Stopwatch.StartNew();
        while (!_stop.IsCancellationRequested)
        {
            CommandResult result = await cluster.InNodeAsync(0, "curl", "-sS", "-m", "2", $"http://{cluster.AddressOf(node)}:{port}/who");
            if (result.Code == 0)
            {
                Interlocked.Increment(ref _answers);
            }
            else
            {
                _failures.GetOrAdd(node, _ => new()).Enqueue($"{watch.Elapsed.TotalSeconds:0.0} s: {result.Error.Trim()}");
            }

            await Task.Delay(100);
        }
    }
}
