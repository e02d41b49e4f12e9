namespace Skep.Store;

/// <summary>A table whose objects have names of their own.</summary>
public abstract class NamedTable<T> : ObjectTable<T>
    where T : class, IStoredObject
{
    private protected readonly OrderedMap<NameKey, T> Names;

    private protected NamedTable(OrderedMap<TextKey, T> byId, OrderedMap<NameKey, T> names)
        : base(byId) => Names = names;

    /// <summary>The object of this exact name.</summary>
    public T? ByName(string name) => Names.Range(new WithName(name)).FirstOrDefault();
}

public sealed class ServiceTable : NamedTable<Service>
{
    private ServiceTable(OrderedMap<TextKey, Service> byId, OrderedMap<NameKey, Service> names)
        : base(byId, names)
    {
    }

    internal static ServiceTable Empty { get; } = new(default, default);

    public Service? Find(ServiceId id) => FindKey(id.Value);

    internal ServiceTable With(Service? old, Service? present, EditToken token)
        => new(Replaced(old, present, token), Renamed(Names, old, old?.Name, present, present?.Name, token));
}

public sealed class NetworkTable : NamedTable<Network>
{
    private NetworkTable(OrderedMap<TextKey, Network> byId, OrderedMap<NameKey, Network> names)
        : base(byId, names)
    {
    }

    internal static NetworkTable Empty { get; } = new(default, default);

    public Network? Find(NetworkId id) => FindKey(id.Value);

    internal NetworkTable With(Network? old, Network? present, EditToken token)
        => new(Replaced(old, present, token), Renamed(Names, old, NameOf(old), present, NameOf(present), token));

    private static string? NameOf(Network? network) => network is { IsRemoved: false } ? network.Name : null;
}

public sealed class SecretTable : NamedTable<Secret>
{
    private SecretTable(OrderedMap<TextKey, Secret> byId, OrderedMap<NameKey, Secret> names)
        : base(byId, names)
    {
    }

    internal static SecretTable Empty { get; } = new(default, default);

    public Secret? Find(SecretId id) => FindKey(id.Value);

    internal SecretTable With(Secret? old, Secret? present, EditToken token)
        => new(Replaced(old, present, token), Renamed(Names, old, old?.Name, present, present?.Name, token));
}

public sealed class ConfigTable : NamedTable<Config>
{
    private ConfigTable(OrderedMap<TextKey, Config> byId, OrderedMap<NameKey, Config> names)
        : base(byId, names)
    {
    }

    internal static ConfigTable Empty { get; } = new(default, default);

    public Config? Find(ConfigId id) => FindKey(id.Value);

    internal ConfigTable With(Config? old, Config? present, EditToken token)
        => new(Replaced(old, present, token), Renamed(Names, old, old?.Name, present, present?.Name, token));
}
