using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Skep.Store;

/// <summary>An immutable picture of the whole store at one applied index. Costs nothing to take or keep.</summary>
public sealed class StoreView
{
    internal StoreView(
        ulong index,
        Cluster? cluster,
        NodeTable nodes,
        ServiceTable services,
        TaskTable tasks,
        NetworkTable networks,
        SecretTable secrets,
        ConfigTable configs,
        OrderedMap<TextKey, ObjectRef> uniqueKeys)
    {
        Index = index;
        Cluster = cluster;
        Nodes = nodes;
        Services = services;
        Tasks = tasks;
        Networks = networks;
        Secrets = secrets;
        Configs = configs;
        UniqueKeys = uniqueKeys;
    }

    /// <summary>The store before its first entry.</summary>
    public static StoreView Empty { get; } = new(
        0, null, NodeTable.Empty, ServiceTable.Empty, TaskTable.Empty, NetworkTable.Empty, SecretTable.Empty, ConfigTable.Empty, default);

    /// <summary>The last entry of the log that is in it.</summary>
    public ulong Index { get; }

    /// <summary>Null only before the cluster is made.</summary>
    public Cluster? Cluster { get; }

    public NodeTable Nodes { get; }

    public ServiceTable Services { get; }

    public TaskTable Tasks { get; }

    public NetworkTable Networks { get; }

    public SecretTable Secrets { get; }

    public ConfigTable Configs { get; }

    internal OrderedMap<TextKey, ObjectRef> UniqueKeys { get; }

    /// <summary>Every object, by kind and then id: the order of snapshots and checksums.</summary>
    public IEnumerable<IStoredObject> All
    {
        get
        {
            IEnumerable<IStoredObject> cluster = Cluster is null ? [] : [Cluster];
            return cluster.Concat(Nodes).Concat(Services).Concat(Tasks).Concat(Networks).Concat(Secrets).Concat(Configs);
        }
    }

    public IStoredObject? Find(ObjectRef target) => target.Kind switch
    {
        ObjectKind.Cluster => Cluster?.Id.Value == target.Key ? Cluster : null,
        ObjectKind.Node => Nodes.FindKey(target.Key),
        ObjectKind.Service => Services.FindKey(target.Key),
        ObjectKind.SwarmTask => Tasks.FindKey(target.Key),
        ObjectKind.Network => Networks.FindKey(target.Key),
        ObjectKind.Secret => Secrets.FindKey(target.Key),
        ObjectKind.Config => Configs.FindKey(target.Key),
    };

    /// <summary>The node a task is on; null: none yet, or it was removed.</summary>
    public Node? NodeOf(SwarmTask task) => task.Node is { } node ? Nodes.Find(node) : null;

    /// <summary>The object that holds a unique key such as <c>port:tcp/8080</c>.</summary>
    public ObjectRef? HolderOf(string uniqueKey) => UniqueKeys.TryGetValue(new TextKey(uniqueKey), out ObjectRef holder) ? holder : null;

    /// <summary>The next picture: what applying the batch at <paramref name="index"/> makes of this one. Pure.</summary>
    /// <param name="index">Greater than <see cref="Index"/>.</param>
    public AppliedBatch Apply(ulong index, ChangeBatch batch) => StoreBuilder.Apply(this, index, batch);

    /// <summary>A picture of exactly these objects, with the versions they carry; for restoring and for tests of what reads views.</summary>
    /// <exception cref="ClusterException">Internal: two objects share an id or a unique key.</exception>
    public static StoreView Of(ulong index, IEnumerable<IStoredObject> objects) => StoreBuilder.Rebuild(index, objects);

    /// <summary>The first eight bytes of the SHA-256 over every encoded object: equal on replicas that are equal. Reads the whole store.</summary>
    public ulong Checksum(IStoreCodec codec)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new ArrayBufferWriter<byte>(4096);
        Span<byte> head = stackalloc byte[5];
        foreach (IStoredObject stored in All)
        {
            buffer.ResetWrittenCount();
            codec.EncodeObject(stored, buffer);
            head[0] = (byte)stored.Kind;
            BinaryPrimitives.WriteInt32LittleEndian(head[1..], buffer.WrittenCount);
            hash.AppendData(head);
            hash.AppendData(buffer.WrittenSpan);
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest);
    }

    internal StoreView At(ulong index) => new(index, Cluster, Nodes, Services, Tasks, Networks, Secrets, Configs, UniqueKeys);
}

/// <param name="View">With the batch's changes if it was committed, else with the old content at the new index.</param>
/// <param name="Events">Empty unless committed.</param>
public sealed record AppliedBatch(StoreView View, CommitOutcome Outcome, ImmutableArray<StoreEvent> Events);
