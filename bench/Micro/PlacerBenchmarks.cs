using BenchmarkDotNet.Attributes;
using Skep.Model;
using Skep.Scheduler;

namespace Skep.Micro;

/// <summary>10,000 tasks on 1,000 nodes.</summary>
[MemoryDiagnoser]
public class PlacerBenchmarks
{
    private ClusterPicture picture = new();
    private IReadOnlyList<SwarmTask> pending = [];

    [Params(1, 100, 10_000)]
    public int Services { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        picture = ClusterPicture.Of(
            Enumerable.Range(0, 1000).Select(PlacementInput.Node), Enumerable.Range(0, 10_000).Select(i => PlacementInput.Task(i, Services, filtered: true)), []);
        pending = picture.Pending;
    }

    [Benchmark]
    public int Place() => Placer.Place(picture, pending, PlacementInput.Now).Placed.Length;
}
