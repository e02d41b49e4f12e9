using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skep.Overlay;

namespace Skep.Worker.Standalone;

/// <summary>A network of this node alone, made by its user (driver bridge).</summary>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="Number">Which router namespace it has; never shared.</param>
public sealed record LocalBridge(string Id, string Name, Ipv4Prefix Subnet, Ipv4Address Gateway, int Number, DateTimeOffset CreatedAt)
{
    public bool Internal { get; init; }

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public ValueMap<string, string> Options { get; init; } = ValueMap<string, string>.Empty;

    public NetworkId Key => new(Id);
}

/// <summary>What a user asks of a new local network. Null addresses: chosen here.</summary>
public sealed record LocalBridgeWish(string Name)
{
    public Ipv4Prefix? Subnet { get; init; }

    public Ipv4Address? Gateway { get; init; }

    public bool Internal { get; init; }

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public ValueMap<string, string> Options { get; init; } = ValueMap<string, string>.Empty;
}

/// <summary>The local networks of a node, in one file.</summary>
internal sealed class LocalBridges
{
    private readonly string _path;
    private readonly ValueList<Ipv4Prefix> _taken;
    private readonly TimeProvider _time;
    private readonly IdSource _ids;
    private readonly Lock _gate = new();
    private volatile List<LocalBridge> _bridges;

    /// <param name="taken">Prefixes that the node uses for other things.</param>
    public LocalBridges(string directory, ValueList<Ipv4Prefix> taken, TimeProvider time, IdSource ids)
    {
        Directory.CreateDirectory(directory);
        _path = Path.Combine(directory, "bridges.json");
        _taken = taken;
        _time = time;
        _ids = ids;
        _bridges = File.Exists(_path)
            ? [.. (JsonSerializer.Deserialize(File.ReadAllBytes(_path), LocalBridgeContext.Default.ListLocalBridgeFile) ?? []).Select(f => f.ToBridge())]
            : [];
    }

    public IReadOnlyList<LocalBridge> All => _bridges;

    /// <summary>By name, id or unambiguous beginning of an id.</summary>
    public LocalBridge? Find(string name)
    {
        List<LocalBridge> all = _bridges;
        if (name.Length == 0)
            return null;
        if (all.FirstOrDefault(b => b.Name == name || b.Id == name) is { } exact)
            return exact;
        LocalBridge[] byPrefix = [.. all.Where(b => b.Id.StartsWith(name, StringComparison.Ordinal)).Take(2)];
        return byPrefix is [var only] ? only : null;
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/>: the name; <see cref="ErrorKind.PermissionDenied"/>: the subnet overlaps another's.</exception>
    public LocalBridge Create(LocalBridgeWish wish)
    {
        lock (_gate)
        {
            if (_bridges.Any(b => b.Name == wish.Name))
                throw new ClusterException(ErrorKind.AlreadyExists, $"network with name {wish.Name} already exists");
            Ipv4Prefix subnet = wish.Subnet ?? Pools().First(IsFree);
            if (!IsFree(subnet))
                throw new ClusterException(ErrorKind.PermissionDenied, "invalid pool request: Pool overlaps with other one on this address space");
            if (subnet.Length > 30)
                throw ClusterException.Invalid($"invalid subnet {subnet}: it has no room for containers");
            if (wish.Gateway is { } asked && !subnet.Contains(asked))
                throw ClusterException.Invalid($"no matching subnet for gateway {asked}");
            int number = OverlayNetwork.FirstLocal;
            while (_bridges.Any(b => b.Number == number))
                number++;
            string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(_ids.Next())));
            var made = new LocalBridge(id, wish.Name, subnet, wish.Gateway ?? subnet[1], number, _time.GetUtcNow()) { Internal = wish.Internal, Labels = wish.Labels, Options = wish.Options };
            Save([.. _bridges, made]);
            return made;
        }
    }

    public void Remove(LocalBridge bridge)
    {
        lock (_gate)
            Save([.. _bridges.Where(b => b.Id != bridge.Id)]);
    }

    /// <summary>Docker's default pools for local networks.</summary>
    private static IEnumerable<Ipv4Prefix> Pools()
    {
        var private172 = Ipv4Prefix.Parse("172.16.0.0/12");
        for (int i = 1; i < 16; i++)
            yield return private172.Subnet(16, i);
        var private192 = Ipv4Prefix.Parse("192.168.0.0/16");
        for (int i = 0; i < 16; i++)
            yield return private192.Subnet(20, i);
        throw new ClusterException(ErrorKind.PermissionDenied, "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network");
    }

    private bool IsFree(Ipv4Prefix subnet) => _taken.All(t => !t.Overlaps(subnet)) && _bridges.All(b => !b.Subnet.Overlaps(subnet));

    private void Save(List<LocalBridge> bridges)
    {
        File.WriteAllBytes(_path + ".new", JsonSerializer.SerializeToUtf8Bytes([.. bridges.Select(LocalBridgeFile.From)], LocalBridgeContext.Default.ListLocalBridgeFile));
        File.Move(_path + ".new", _path, overwrite: true);
        _bridges = bridges;
    }
}

internal sealed record LocalBridgeFile(
    string Id, string Name, string Subnet, string Gateway, int Number, DateTimeOffset CreatedAt, bool Internal, Dictionary<string, string> Labels, Dictionary<string, string> Options)
{
    public static LocalBridgeFile From(LocalBridge b)
        => new(b.Id, b.Name, b.Subnet.ToString(), b.Gateway.ToString(), b.Number, b.CreatedAt, b.Internal, new(b.Labels), new(b.Options));

    public LocalBridge ToBridge() => new(Id, Name, Ipv4Prefix.Parse(Subnet), Ipv4Address.Parse(Gateway), Number, CreatedAt)
    {
        Internal = Internal,
        Labels = Labels.ToValueMap(),
        Options = Options.ToValueMap(),
    };
}

[JsonSerializable(typeof(List<LocalBridgeFile>))]
internal sealed partial class LocalBridgeContext : JsonSerializerContext;
