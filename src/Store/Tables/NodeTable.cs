namespace Skep.Store;

/// <summary>The nodes; several may call themselves by the same host name.</summary>
public sealed class NodeTable : ObjectTable<Node>
{
    private readonly OrderedMap<NameKey, Node> _hostnames;

    private NodeTable(OrderedMap<TextKey, Node> byId, OrderedMap<NameKey, Node> hostnames)
        : base(byId) => _hostnames = hostnames;

    internal static NodeTable Empty { get; } = new(default, default);

    public Node? Find(NodeId id) => FindKey(id.Value);

    public IReadOnlyCollection<Node> ByHostname(string hostname) => _hostnames.Range(new WithName(hostname));

    internal NodeTable With(Node? old, Node? present, EditToken token)
        => new(Replaced(old, present, token), Renamed(_hostnames, old, old?.Hostname, present, present?.Hostname, token));
}
