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
    private readonly ProtoStoreCodec _codec = new();
    private StoreView _view = StoreView.Empty;
    private ChangeBatch _batch = new(default, []);
    private byte[] _entry = [];

    [GlobalSetup]
    public void Setup()
    {
        _view = StoreView.Of(1, Enumerable.Range(0, 100_000).Select(i => PlacementInput.Task(i, 100, filtered: true) with { Node = new NodeId($"node{i % 1000}") }));
        _batch = new ChangeBatch(PlacementInput.Now, [new StoreChange.Update(_view.Tasks.ElementAt(50_000))]);
        var output = new ArrayBufferWriter<byte>();
        _codec.EncodeBatch(_batch, output);
        _entry = output.WrittenSpan.ToArray();
    }

    [Benchmark]
    public int Encode()
    {
        var output = new ArrayBufferWriter<byte>(1024);
        _codec.EncodeBatch(_batch, output);
        return output.WrittenCount;
    }

    [Benchmark]
    public ChangeBatch Decode() => _codec.DecodeBatch(_entry);

    [Benchmark]
    public AppliedBatch Apply() => _view.Apply(2, _batch);
}
