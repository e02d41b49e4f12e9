using System.Globalization;
using Skep.Store;

namespace Skep.Api.Cluster;

/// <summary>Who is in a network: what <c>network inspect --verbose</c> adds.</summary>
internal static class NetworkUsage
{
    public static WireNetwork Add(WireNetwork shown, Network network, StoreView view)
    {
        SwarmTask[] tasks = [.. view.Tasks.Where(t => t.IsLive && t.Networks.Any(n => n.Network == network.Id))];
        var services = new Dictionary<string, WireNetworkService>(StringComparer.Ordinal);
        foreach (IGrouping<ServiceId, SwarmTask> group in tasks.GroupBy(t => t.ServiceId))
        {
            if (view.Services.Find(group.Key) is { } service)
            {
                services[service.Name] = Describe(service, group, network.Id, view);
            }
        }

        IEnumerable<Node> nodes = tasks.Select(t => t.Node).OfType<NodeId>().Distinct().Select(view.Nodes.Find).OfType<Node>();
        return shown with
        {
            Services = services,
            Peers = [.. nodes.Select(n => new WirePeer(n.Hostname, n.Description?.DataPathAddress is { Length: > 0 } path ? path : n.Status.Address))],
        };
    }

    private static WireNetworkService Describe(Service service, IEnumerable<SwarmTask> tasks, NetworkId network, StoreView view) => new()
    {
        Vip = service.Endpoint?.VirtualIps.Where(v => v.Network == network).Select(v => v.Address.ToString()).FirstOrDefault() ?? "",
        Ports = [.. (service.Endpoint?.Ports ?? []).Select(p => string.Create(CultureInfo.InvariantCulture, $"Target: {p.TargetPort}, Publish: {p.PublishedPort}"))],
        Tasks =
        [
            .. tasks.Select(t => new WireNetworkTask
            {
                Name = t.Name,
                EndpointId = "",
                EndpointIp = t.Networks.First(n => n.Network == network).Address?.ToString() ?? "",
                Info = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["Host IP"] = view.NodeOf(t)?.Status.Address ?? "",
                },
            }),
        ],
    };
}
