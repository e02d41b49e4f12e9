using System.Globalization;
using System.Text.RegularExpressions;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Services;

/// <summary>Requests from outside to one published port, on all nodes at once, a few at a time, until told to stop.</summary>
internal sealed partial class RequestStream
{
    private const int Batch = 40, AtATime = 3;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task<(int Sent, List<string> Failures)>[] _running;

    private RequestStream(TestCluster cluster, int outsider, int port, string path)
        => _running = [.. Enumerable.Range(1, 3).Select(node => SendAsync(cluster, outsider, $"http://{cluster.AddressOf(node)}:{port}{path}"))];

    public static RequestStream Start(TestCluster cluster, int outsider, int port, string path) => new(cluster, outsider, port, path);

    /// <summary>Ends it; fails when any request did, or when there were too few to tell.</summary>
    public async Task EndsWithoutFailureAsync()
    {
        await _stop.CancelAsync();
        (int Sent, List<string> Failures)[] all = await Task.WhenAll(_running);
        string[] failures = [.. all.SelectMany(a => a.Failures)];
        Assert.True(failures.Length == 0, $"of {all.Sum(a => a.Sent)} requests: {string.Join('\n', failures)}");
        Assert.All(all, a => Assert.True(a.Sent >= Batch, $"only {a.Sent} requests were sent through one node"));
    }

    private async Task<(int Sent, List<string> Failures)> SendAsync(TestCluster cluster, int outsider, string url)
    {
        var failures = new List<string>();
        int sent = 0;
        while (!_stop.IsCancellationRequested)
        {
            CommandResult result = await cluster.InNodeAsync(outsider, "ab", "-q", "-s", "5", "-n", $"{Batch}", "-c", $"{AtATime}", url);
            sent += Batch;
            // Failed: refused, reset, timed out or of another length; Non-2xx is counted apart.
            if (result.Code != 0 || Failed().Match(result.Out) is not { Success: true } failed || int.Parse(failed.Groups[1].Value, CultureInfo.InvariantCulture) > 0 || result.Out.Contains("Non-2xx", StringComparison.Ordinal))
            {
                failures.Add($"{url}: {result}");
            }
        }

        return (sent, failures);
    }

    [GeneratedRegex(@"Failed requests:\s+(\d+)")]
    private static partial Regex Failed();
}
