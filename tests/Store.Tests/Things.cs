using System.Buffers;
using System.Buffers.Binary;

namespace Skep.Store.Tests;

/// <summary>Small objects, and ways to say them.</summary>
internal static class Things
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static Service Service(string id, string name, int publishedPort = 0) => new(new ServiceId(id))
    {
        Spec = new ServiceSpec(new Annotations(name))
        {
            Task = new TaskSpec { Container = new ContainerSpec("busybox") },
            Endpoint = publishedPort == 0 ? null : new EndpointSpec(EndpointMode.Vip) { Ports = [new PortConfig(PortProtocol.Tcp, 80, publishedPort, PublishMode.Ingress)] },
        },
    };

    public static SwarmTask Task(string id, string service, int slot, string? node = null) => new(new TaskId(id), new ServiceId(service), slot)
    {
        Node = node is null ? null : new NodeId(node),
        Spec = new TaskSpec { Container = new ContainerSpec("busybox") },
        ServiceAnnotations = new Annotations(service),
        Status = new SwarmTaskStatus(TaskState.New, Noon),
    };

    public static Node Node(string id, string hostname = "") => new(new NodeId(id))
    {
        Spec = new NodeSpec(Annotations.Unnamed),
        Description = new NodeDescription(hostname, new Platform("amd64", "linux"), new Resources(0, 0)),
    };

    public static Network Network(string id, string name) => new(new NetworkId(id)) { Spec = new NetworkSpec(new Annotations(name)) };

    public static Secret Secret(string id, string name) => new(new SecretId(id)) { Spec = new SecretSpec(new Annotations(name)) };

    public static Config Config(string id, string name) => new(new ConfigId(id)) { Spec = new ConfigSpec(new Annotations(name)) };

    public static StoreChange Create(IStoredObject stored) => new StoreChange.Create(stored);

    public static StoreChange Update(IStoredObject stored) => new StoreChange.Update(stored);

    public static AppliedBatch Then(this StoreView view, params StoreChange[] changes)
        => view.Apply(view.Index + 1, new ChangeBatch(Noon.AddSeconds(view.Index), [.. changes]));

    public static StoreView With(this StoreView view, params IStoredObject[] created)
    {
        AppliedBatch applied = view.Then([.. created.Select(Create)]);
        Assert.IsType<CommitOutcome.Committed>(applied.Outcome);
        return applied.View;
    }
}

/// <summary>Keeps objects beside the bytes: the store's own tests need a codec that cannot be wrong. The real one is tested in Rpc.</summary>
internal sealed class RememberingCodec : IStoreCodec
{
    private readonly List<object> _seen = [];

    /// <summary>Changes that cannot be decoded.</summary>
    public Func<StoreChange, bool> Unreadable { get; set; } = static _ => false;

    /// <summary>Batches are of a version to come.</summary>
    public bool IsOfTomorrow { get; set; }

    /// <summary>0: a batch takes four bytes, whatever is in it.</summary>
    public int BytesPerChange { get; set; }

    /// <summary>Bytes of the largest batch that was decoded.</summary>
    public int Largest { get; private set; }

    public void EncodeBatch(ChangeBatch batch, IBufferWriter<byte> output)
    {
        Remember(batch, output);
        int padding = Math.Max(0, (BytesPerChange * batch.Changes.Count) - 4);
        output.GetSpan(padding + 1)[..padding].Clear();
        output.Advance(padding);
    }

    public ChangeBatch DecodeBatch(ReadOnlyMemory<byte> bytes)
    {
        Largest = Math.Max(Largest, bytes.Length);
        ChangeBatch batch = IsOfTomorrow ? throw new NewerFormatException(2, 1) : (ChangeBatch)Recall(bytes);
        return batch.Changes.Any(Unreadable) ? throw new ClusterException(ErrorKind.Internal, "unreadable") : batch;
    }

    public void EncodeObject(IStoredObject stored, IBufferWriter<byte> output) => Remember(stored, output);

    public IStoredObject DecodeObject(ObjectKind kind, ReadOnlyMemory<byte> bytes) => (IStoredObject)Recall(bytes);

    private void Remember(object item, IBufferWriter<byte> output)
    {
        int number = _seen.IndexOf(item);
        if (number < 0)
        {
            number = _seen.Count;
            _seen.Add(item);
        }

        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), number);
        output.Advance(4);
    }

    private object Recall(ReadOnlyMemory<byte> bytes) => _seen[BinaryPrimitives.ReadInt32LittleEndian(bytes.Span)];
}

/// <summary>A log of one replica that applies what it is given at once, unless held.</summary>
internal sealed class OneReplicaLog : IReplicatedLog
{
    public ulong LastIndex { get; set; }

    public ClusterStore? Store { get; set; }

    public Task CaughtUp { get; set; } = System.Threading.Tasks.Task.CompletedTask;

    public ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct)
    {
        LastIndex++;
        return ValueTask.FromResult(new LogResult(LastIndex, Store!.Apply(LastIndex, entry)));
    }

    public async ValueTask<ulong> ReadIndexAsync(CancellationToken ct)
    {
        await CaughtUp.WaitAsync(ct);
        return LastIndex;
    }
}
