using System.Diagnostics;
using Xunit.Abstractions;

namespace Skep.Overlay.Tests.Kernel;

/// <summary>What a start and a change cost; generous limits, figures in the output.</summary>
[Collection("kernel")]
public sealed class CostTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Attaching_and_swapping_stay_cheap()
    {
        await using TestCluster cluster = await TestCluster.StartAsync();
        NodeNetwork node = cluster[1];
        var sandboxes = new List<double>();
        var attaches = new List<double>();
        for (int i = 0; i < 40; i++)
        {
            var task = new TestCluster.TestTask($"c{i:00}", 1, $"10.0.1.{20 + i}", $"172.18.0.{20 + i}", false);
            sandboxes.Add(await MillisecondsAsync(() => node.CreateSandboxAsync(task.Id, CancellationToken.None)));
            cluster.Tasks[task.Name] = task;
            DesiredNetwork desired = cluster.Desired(1);
            attaches.Add(await MillisecondsAsync(() => node.ApplyAsync(desired, CancellationToken.None)));
        }
        var swaps = new List<double>();
        DesiredNetwork last = cluster.Desired(1);
        OverlayNetwork network = last.Networks[TestCluster.Net];
        network = network with
        {
            Endpoints = network.Endpoints.SetItems(Enumerable.Range(0, 101).Select(i =>
                KeyValuePair.Create(Ipv4Address.From(10, 0, 1, (byte)(100 + i)), new NetworkEndpoint(TestCluster.NodeIdOf(2), EndpointState.Serving)))),
        };
        ValueList<Ipv4Address> Backends(int without) =>
            Enumerable.Range(0, 101).Where(i => i != without).Select(i => Ipv4Address.From(10, 0, 1, (byte)(100 + i))).ToValueList();
        for (int i = 0; i < 60; i++)
        {
            OverlayNetwork changed = network with { VirtualAddresses = network.VirtualAddresses.Set(Ipv4Address.Parse("10.0.1.2"), Backends(i)) };
            DesiredNetwork desired = last with { Networks = last.Networks.Set(TestCluster.Net, changed) };
            swaps.Add(await MillisecondsAsync(() => node.ApplyAsync(desired, CancellationToken.None)));
        }
        var removals = new List<double>();
        foreach (TestCluster.TestTask task in cluster.Tasks.Values)
        {
            removals.Add(await MillisecondsAsync(() => node.RemoveSandboxAsync(task.Id, CancellationToken.None)));
        }

        output.WriteLine($"sandbox from the pool {Text(sandboxes)}; attach of overlay and egress {Text(attaches)}; swap of one backend of 100 {Text(swaps)}; removal {Text(removals)}");
        Assert.True(Median(attaches) < 50, "an attach takes milliseconds, not tens");
        Assert.True(Median(swaps) < 20, "a swap is one small transaction");
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    private static string Text(List<double> times) => $"p10 {times.Order().ElementAt(times.Count / 10):0.00} median {Median(times):0.00} max {times.Max():0.00} ms";

    private static async Task<double> MillisecondsAsync(Func<Task> action)
    {
        long started = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
