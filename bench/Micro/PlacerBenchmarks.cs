using BenchmarkDotNet.Attributes;
using Skep.Model;
using Skep.Scheduler;

namespace Skep.Micro;

/// <summary>10,000 tasks on 1,000 nodes.</summary>
[MemoryDiagnoser]
public class PlacerBenchmarks
{
    private ClusterCache _picture = new();
    private IReadOnlyList<SwarmTask> _pending = [];

    [Params(1, 100, 10_000)]
    public int Services { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _picture = ClusterCache.Of(
            Enumerable.Range(0, 1000).Select(PlacementInput.Node), Enumerable.Range(0, 10_000).Select(i => PlacementInput.Task(i, Services, filtered: true)), []);
        _pending = _picture.Pending;
    }

    [Benchmark]
    public int Place() => Placer.Place(_picture, _pending, PlacementInput.Now).Placed.Length;
}
