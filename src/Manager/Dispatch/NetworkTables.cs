using System.Collections.Immutable;

namespace Skep.Manager.Dispatch;

/// <summary>What all nodes are told of networks, made once per view and shared by the sessions: endpoints per network, services per network, and peers.</summary>
internal sealed class NetworkTables
{
    private static readonly ImmutableArray<AssignmentItem> Nothing = [];

    private readonly Dictionary<NetworkId, ImmutableArray<AssignmentItem>> _endpoints;
    private readonly Dictionary<NetworkId, ImmutableArray<AssignmentItem>> _services;

    private NetworkTables(
        Dictionary<NetworkId, ImmutableArray<AssignmentItem>> endpoints,
        Dictionary<NetworkId, ImmutableArray<AssignmentItem>> services,
        ImmutableArray<AssignmentItem> peers,
        NetworkId? ingress)
    {
        _endpoints = endpoints;
        _services = services;
        Peers = peers;
        Ingress = ingress;
    }

    public ImmutableArray<AssignmentItem> Peers { get; }

    public NetworkId? Ingress { get; }

    public ImmutableArray<AssignmentItem> EndpointsOf(NetworkId network) => _endpoints.GetValueOrDefault(network, Nothing);

    public ImmutableArray<AssignmentItem> ServicesOf(NetworkId network) => _services.GetValueOrDefault(network, Nothing);

    public static NetworkTables Of(StoreView view)
    {
        var endpoints = new Dictionary<NetworkId, ImmutableArray<AssignmentItem>.Builder>();
        var users = new Dictionary<NetworkId, SortedSet<ServiceId>>();
        foreach (SwarmTask task in view.Tasks)
        {
            if (!task.HoldsResources)
            {
                continue;
            }

            foreach (NetworkAttachment attachment in task.Networks)
            {
                if (attachment.Address is not { } address)
                {
                    continue;
                }

                Bucket(endpoints, attachment.Network).Add(new AssignmentItem.TaskEndpoint(
                    attachment.Network, task.Id, task.ServiceId, task.Name, task.Node!.Value, address, StateOf(task, view), attachment.Aliases));
                (users.TryGetValue(attachment.Network, out SortedSet<ServiceId>? services) ? services : users[attachment.Network] = []).Add(task.ServiceId);
            }
        }

        // A service without tasks still has its virtual address and its ports: they refuse at once instead of leading nowhere.
        NetworkId? ingress = view.Networks.FirstOrDefault(n => n.Spec.Ingress)?.Id;
        var records = new Dictionary<NetworkId, ImmutableArray<AssignmentItem>.Builder>();
        foreach (Service service in view.Services)
        {
            if (service.Endpoint is not { } endpoint)
            {
                continue;
            }

            var record = new AssignmentItem.ServiceRecord(service.Id, service.Name, endpoint);
            IEnumerable<NetworkId> networks = endpoint.VirtualIps.Select(v => v.Network)
                .Concat(users.Where(u => u.Value.Contains(service.Id)).Select(u => u.Key));
            if (ingress is { } mesh && endpoint.Ports.Any(p => p.Mode == PublishMode.Ingress))
            {
                networks = networks.Append(mesh);
            }

            foreach (NetworkId network in networks.Distinct())
            {
                Bucket(records, network).Add(record);
            }
        }

        ImmutableArray<AssignmentItem> peers = [.. view.Nodes
            .Where(n => n.NetworkIndex != 0 && n.Description is not null)
            .Select(n => new AssignmentItem.Peer(
                n.Id, n.Hostname, n.NetworkIndex, n.Description!.DataPathAddress, n.Description.PeerAddress, n.Attachments, !n.IsDown))];
        return new NetworkTables(Freeze(endpoints), Freeze(records), peers, ingress);
    }

    /// <summary>Only a running task that is to run gets new connections; one on a lost node is taken for dead. An attachment serves as long as it is there.</summary>
    private static EndpointState StateOf(SwarmTask task, StoreView view)
        => view.NodeOf(task) is not { IsDown: false } ? EndpointState.Dead
            : task.Attachment is not null || task.IsRunning && task.DesiredState == TaskState.Running ? EndpointState.Serving
            : EndpointState.Draining;

    private static ImmutableArray<AssignmentItem>.Builder Bucket(Dictionary<NetworkId, ImmutableArray<AssignmentItem>.Builder> map, NetworkId network)
        => map.TryGetValue(network, out ImmutableArray<AssignmentItem>.Builder? bucket) ? bucket : map[network] = ImmutableArray.CreateBuilder<AssignmentItem>();

    private static Dictionary<NetworkId, ImmutableArray<AssignmentItem>> Freeze(Dictionary<NetworkId, ImmutableArray<AssignmentItem>.Builder> map)
        => map.ToDictionary(p => p.Key, p => p.Value.ToImmutable());
}
