using System.Buffers;
using BenchmarkDotNet.Attributes;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Store;

namespace Skep.Micro;

/// <summary>One task of 100,000 changes: what every replica does for each such entry.</summary>
[MemoryDiagnoser]
public class StoreBenchmarks
{
    private readonly ProtoStoreCodec codec = new();
    private StoreView view = StoreView.Empty;
    private ChangeBatch batch = new(default, []);
    private byte[] entry = [];

    [GlobalSetup]
    public void Setup()
    {
        view = StoreView.Of(1, Enumerable.Range(0, 100_000).Select(i => PlacementInput.Task(i, 100, filtered: true) with { Node = new NodeId($"node{i % 1000}") }));
        batch = new ChangeBatch(PlacementInput.Now, [new StoreChange.Update(view.Tasks.ElementAt(50_000))]);
        var output = new ArrayBufferWriter<byte>();
        codec.EncodeBatch(batch, output);
        entry = output.WrittenSpan.ToArray();
    }

    [Benchmark]
    public int Encode()
    {
        var output = new ArrayBufferWriter<byte>(1024);
        codec.EncodeBatch(batch, output);
        return output.WrittenCount;
    }

    [Benchmark]
    public ChangeBatch Decode() => codec.DecodeBatch(entry);

    [Benchmark]
    public AppliedBatch Apply() => view.Apply(2, batch);
}
