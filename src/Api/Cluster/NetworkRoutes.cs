using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Api.Local;
using Skep.Manager.Control;
using Skep.Store;
using Skep.Worker.Local;

namespace Skep.Api.Cluster;

/// <summary>Networks: on a manager the cluster's and the node's own together, elsewhere the node's own.</summary>
internal static class NetworkRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/networks", ListAsync);
        routes.Add("POST", "/networks/create", CreateAsync);
        routes.Add("POST", "/networks/prune", PruneAsync);
        routes.Add("GET", "/networks/{id}", InspectAsync);
        routes.Add("DELETE", "/networks/{id}", RemoveAsync);
    }

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("dangling", "driver", "id", "label", "name", "scope", "type");
        filters.RequireKnown("scope", "swarm", "global", "local");
        filters.RequireKnown("type", "custom", "builtin");
        List<WireNetwork> networks = [.. LocalNetworks.All(call.Node)];
        bool? isDangling = filters.Flag("dangling");
        if (call.Node.Control is { } control)
        {
            StoreView view = await control.ReadAsync(ct);
            networks.AddRange(view.Networks
                .Where(n => !n.IsPredefined() && (isDangling is not { } wanted || wanted == !IsUsed(n, view)))
                .Select(n => n.ToWire()));
        }
        else if (call.Node.Local is { } local && isDangling is null)
        {
            networks.AddRange(local.ClusterNetworks.Where(n => !n.IsPredefined()).Select(n => n.ToWire()));
        }

        IEnumerable<WireNetwork> fitting = networks.Where(n => Fits(n, filters) && (isDangling is not true || n.Scope == "swarm"));
        await call.AnswerAsync([.. fitting], WireJson.Default.ListWireNetwork, ct);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        string name = call["id"];
        string scope = call.Query("scope");
        if (scope != "swarm" && LocalNetworks.All(call.Node).FirstOrDefault(n => n.Name == name || n.Id == name) is { } local)
        {
            await call.AnswerAsync(local, WireJson.Default.WireNetwork, ct);
            return;
        }

        if (call.Node.Control is null && scope != "local" && call.Node.Local?.ClusterNetworks.FirstOrDefault(n => n.Name == name || n.Id.Value == name) is { } known)
        {
            await call.AnswerAsync(known.ToWire() with { Containers = await ContainersOnAsync(call.Node.Local, known, ct) }, WireJson.Default.WireNetwork, ct);
            return;
        }

        if (call.Node.Control is not { } control || scope == "local")
        {
            throw ClusterException.NotFound("network", name);
        }

        StoreView view = await control.ReadAsync(ct);
        Network network = view.Network(name);
        WireNetwork shown = network.ToWire() with { Containers = await ContainersOnAsync(call.Node.Local, network, ct) };
        await call.AnswerAsync(call.Flag("verbose") ? NetworkUse.Add(shown, network, view) : shown, WireJson.Default.WireNetwork, ct);
    }

    private static async Task CreateAsync(ApiCall call, CancellationToken ct)
    {
        WireNetworkCreate body = await call.ReadAsync(WireJson.Default.WireNetworkCreate, ct);
        bool isSwarm = body.Scope == "swarm" || body.Driver == "overlay";
        if (!isSwarm || body.Scope is not (null or "" or "swarm"))
        {
            throw new ClusterException(
                ErrorKind.NotImplemented,
                $"networks of one node (driver {(body.Driver is { Length: > 0 } driver ? driver : "bridge")}) are not supported; use --driver overlay");
        }

        if (call.Node.Control is null && call.Node.Lifecycle.State() is { State: LocalNodeState.Active, IsManager: false })
        {
            throw new ClusterException(ErrorKind.PermissionDenied, "Cannot create a multi-host network from a worker node. Please create the network from a manager node.");
        }

        NetworkId id = await call.Control.Networks.CreateAsync(body.ToModel(), ct);
        await call.AnswerAsync(StatusCodes.Status201Created, new WireNetworkCreated { Id = id.Value, Warning = "" }, WireJson.Default.WireNetworkCreated, ct);
    }

    private static async Task RemoveAsync(ApiCall call, CancellationToken ct)
    {
        string name = call["id"];
        if (LocalNetworks.All(call.Node).FirstOrDefault(n => n.Name == name || n.Id == name) is { } local)
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"{local.Name} is a pre-defined network and cannot be removed");
        }

        if (call.Node.Control is not { } control)
        {
            throw ClusterException.NotFound("network", name);
        }

        await control.Networks.RemoveAsync(name, ct);
        await call.AnswerAsync(StatusCodes.Status204NoContent);
    }

    /// <remarks>The node's own networks are all built in, so only the cluster's can go. Source: moby/moby:daemon/prune.go, clusterNetworksPrune.</remarks>
    private static async Task PruneAsync(ApiCall call, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("label", "label!", "until");
        if (filters.Has("until"))
        {
            throw new ClusterException(ErrorKind.NotImplemented, "filter 'until' is not supported for networks");
        }

        ValueList<string> removed = call.Node.Control is { } control
            ? await control.Networks.PruneAsync(n => filters.Labels("label", n.Spec.Annotations.Labels) && !HasUnwantedLabel(n, filters), ct)
            : [];
        await call.AnswerAsync(new WireNetworksPruned { NetworksDeleted = [.. removed] }, WireJson.Default.WireNetworksPruned, ct);
    }

    private static bool HasUnwantedLabel(Network network, QueryFilters filters)
        => filters.Has("label!") && filters.Labels("label!", network.Spec.Annotations.Labels);

    private static bool Fits(WireNetwork network, QueryFilters filters)
        => filters.Exact("driver", network.Driver!)
            && filters.Part("id", network.Id!)
            && filters.Part("name", network.Name!)
            && filters.Exact("scope", network.Scope!)
            && filters.Exact("type", LocalNetworks.IsBuiltIn(network.Name!) ? "builtin" : "custom")
            && filters.Labels("label", network.Labels ?? []);

    private static bool IsUsed(Network network, StoreView view)
        => network.Spec.Ingress
            || view.Services.Any(s => s.Spec.Task.Networks.Any(n => n.Target == network.Id.Value || n.Target == network.Name))
            || view.Tasks.Any(t => t.Status.State <= TaskState.Running && t.Networks.Any(n => n.Network == network.Id));

    private static async Task<Dictionary<string, WireNetworkContainer>> ContainersOnAsync(LocalNode? local, Network network, CancellationToken ct)
    {
        var found = new Dictionary<string, WireNetworkContainer>(StringComparer.Ordinal);
        foreach (LocalContainer container in local is null ? [] : await local.ListContainersAsync(all: false, ct))
        {
            foreach (LocalEndpoint endpoint in container.Networks.Where(e => e.Network == network.Id))
            {
                found[container.Id] = new WireNetworkContainer
                {
                    Name = container.Name,
                    EndpointId = "",
                    MacAddress = endpoint.Mac?.ToString() ?? "",
                    IPv4Address = endpoint.Address is { } address ? NetworkMapping.WithPrefix(address, endpoint.PrefixLength) : "",
                    IPv6Address = "",
                };
            }
        }

        return found;
    }
}
