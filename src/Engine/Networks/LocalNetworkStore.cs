using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skep.Overlay;
using Skep.Rpc.Security;

namespace Skep.Engine.Networks;

/// <summary>The networks that users made on this node, in one file.</summary>
internal sealed class LocalNetworkStore
{
    private readonly string _path;
    private readonly Func<IEnumerable<Ipv4Prefix>> _taken;
    private readonly TimeProvider _time;
    private readonly IdSource _ids;
    private readonly Lock _gate = new();
    private volatile List<LocalNetwork> _networks;

    /// <param name="taken">Prefixes that the node uses for other things.</param>
    public LocalNetworkStore(string directory, Func<IEnumerable<Ipv4Prefix>> taken, TimeProvider time, IdSource ids)
    {
        Directory.CreateDirectory(directory);
        _path = Path.Combine(directory, "networks.json");
        _taken = taken;
        _time = time;
        _ids = ids;
        _networks = File.Exists(_path)
            ? [.. (JsonSerializer.Deserialize(File.ReadAllBytes(_path), LocalNetworkContext.Default.ListLocalNetworkFile) ?? []).Select(f => f.ToNetwork())]
            : [];
    }

    public IReadOnlyList<LocalNetwork> All => _networks;

    public LocalNetwork? Find(NetworkId id) => _networks.FirstOrDefault(n => n.Id == id.Value);

    /// <summary>By name, id or unambiguous beginning of an id.</summary>
    public LocalNetwork? Find(string name)
    {
        List<LocalNetwork> all = _networks;
        if (name.Length == 0)
        {
            return null;
        }

        if (all.FirstOrDefault(n => n.Name == name || n.Id == name) is { } exact)
        {
            return exact;
        }

        LocalNetwork[] byPrefix = [.. all.Where(n => n.Id.StartsWith(name, StringComparison.Ordinal)).Take(2)];
        return byPrefix is [var only] ? only : null;
    }

    /// <summary>File of the addresses that tasks have by these settings.</summary>
    public string AddressesOf(LocalNetwork settings) => Path.Combine(Path.GetDirectoryName(_path)!, settings.Id + ".addresses");

    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/>: the name; <see cref="ErrorKind.PermissionDenied"/>: the subnet overlaps another's.</exception>
    public LocalNetwork Create(LocalNetworkSpec wish)
    {
        lock (_gate)
        {
            if (_networks.Any(n => n.Name == wish.Name))
            {
                throw new ClusterException(ErrorKind.AlreadyExists, $"network with name {wish.Name} already exists");
            }

            Ipv4Prefix[] taken = [.. _taken()];
            Ipv4Prefix subnet = wish.Subnet ?? Pools().FirstOrDefault(p => IsFree(p) && taken.All(t => !t.Overlaps(p!.Value)))
                ?? throw new ClusterException(ErrorKind.PermissionDenied, "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network");
            if (!wish.IsConfigOnly && !IsFree(subnet))
            {
                throw new ClusterException(ErrorKind.PermissionDenied, "invalid pool request: Pool overlaps with other one on this address space");
            }

            if (subnet.Length > 30)
            {
                throw ClusterException.Invalid($"invalid subnet {subnet}: it has no room for containers");
            }

            if (wish.Range is { } range && !subnet.Contains(range))
            {
                throw ClusterException.Invalid($"no matching subnet for range {range}");
            }

            if (wish.Gateway is { } asked && !subnet.Contains(asked))
            {
                throw ClusterException.Invalid($"no matching subnet for gateway {asked}");
            }

            int number = OverlayNetwork.FirstLocal;
            while (_networks.Any(n => n.Number == number))
            {
                number++;
            }

            string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(_ids.Next())));
            var made = new LocalNetwork(id, wish.Name, subnet, wish.Gateway ?? subnet[1], number, _time.GetUtcNow())
            {
                Driver = wish.Driver,
                Range = wish.Range,
                Auxiliary = wish.Auxiliary,
                HasOwnSubnet = wish.Subnet is not null,
                Internal = wish.Internal,
                Attachable = wish.Attachable,
                IsConfigOnly = wish.IsConfigOnly,
                ConfigFrom = wish.ConfigFrom,
                Labels = wish.Labels,
                Options = wish.Options,
            };
            Save([.. _networks, made]);
            return made;
        }
    }

    public void Remove(LocalNetwork network)
    {
        lock (_gate)
        {
            Save([.. _networks.Where(n => n.Id != network.Id)]);
            File.Delete(AddressesOf(network));
        }
    }

    /// <summary>Docker's default pools for local networks.</summary>
    private static IEnumerable<Ipv4Prefix?> Pools()
    {
        var private172 = Ipv4Prefix.Parse("172.16.0.0/12");
        for (int i = 1; i < 16; i++)
        {
            yield return private172.Subnet(16, i);
        }

        var private192 = Ipv4Prefix.Parse("192.168.0.0/16");
        for (int i = 0; i < 16; i++)
        {
            yield return private192.Subnet(20, i);
        }
    }

    private bool IsFree(Ipv4Prefix? subnet) => subnet is { } free && _networks.All(n => n.IsConfigOnly || !n.Subnet.Overlaps(free));

    private void Save(List<LocalNetwork> networks)
    {
        PrivateFile.Replace(_path, JsonSerializer.SerializeToUtf8Bytes([.. networks.Select(LocalNetworkFile.From)], LocalNetworkContext.Default.ListLocalNetworkFile));
        _networks = networks;
    }
}

internal sealed record LocalNetworkFile
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Driver { get; init; }

    public required string Subnet { get; init; }

    public required string Gateway { get; init; }

    public string? Range { get; init; }

    public required int Number { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public bool HasOwnSubnet { get; init; }

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool IsConfigOnly { get; init; }

    public string? ConfigFrom { get; init; }

    public Dictionary<string, string> Auxiliary { get; init; } = [];

    public Dictionary<string, string> Labels { get; init; } = [];

    public Dictionary<string, string> Options { get; init; } = [];

    public static LocalNetworkFile From(LocalNetwork n) => new()
    {
        Id = n.Id,
        Name = n.Name,
        Driver = n.Driver,
        Subnet = n.Subnet.ToString(),
        Gateway = n.Gateway.ToString(),
        Range = n.Range?.ToString(),
        Number = n.Number,
        CreatedAt = n.CreatedAt,
        HasOwnSubnet = n.HasOwnSubnet,
        Internal = n.Internal,
        Attachable = n.Attachable,
        IsConfigOnly = n.IsConfigOnly,
        ConfigFrom = n.ConfigFrom,
        Auxiliary = new(n.Auxiliary),
        Labels = new(n.Labels),
        Options = new(n.Options),
    };

    public LocalNetwork ToNetwork() => new(Id, Name, Ipv4Prefix.Parse(Subnet), Ipv4Address.Parse(Gateway), Number, CreatedAt)
    {
        Driver = Driver,
        Range = Ipv4Prefix.TryParse(Range, out Ipv4Prefix range) ? range : null,
        HasOwnSubnet = HasOwnSubnet,
        Internal = Internal,
        Attachable = Attachable,
        IsConfigOnly = IsConfigOnly,
        ConfigFrom = ConfigFrom ?? "",
        Auxiliary = Auxiliary.ToValueMap(),
        Labels = Labels.ToValueMap(),
        Options = Options.ToValueMap(),
    };
}

[JsonSerializable(typeof(List<LocalNetworkFile>))]
internal sealed partial class LocalNetworkContext : JsonSerializerContext;
