using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Api.Local;
using Skep.Engine;
using Skep.Engine.Networks;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

/// <summary>Networks: on a manager the cluster's and the node's own together, elsewhere the node's own.</summary>
internal static class NetworkRoutes
{
    public static void AddTo(RouteTable routes, TimeProvider time)
    {
        routes.Add("GET", "/networks", ListAsync);
        routes.Add("POST", "/networks/create", CreateAsync);
        routes.Add("POST", "/networks/prune", (call, ct) => PruneAsync(call, time, ct));
        routes.Add("POST", "/networks/{id}/connect", ConnectAsync);
        routes.Add("POST", "/networks/{id}/disconnect", DisconnectAsync);
        routes.Add("GET", "/networks/{id}", InspectAsync);
        routes.Add("DELETE", "/networks/{id}", RemoveAsync);
    }

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("dangling", "driver", "id", "label", "name", "scope", "type");
        filters.RequireKnown("scope", "swarm", "global", "local");
        filters.RequireKnown("type", "custom", "builtin");
        bool? isDangling = filters.Flag("dangling");
        List<WireNetwork> networks = [.. LocalNetworks.All(call.Node).Where(n => isDangling is not { } wanted || (!LocalNetworks.IsBuiltIn(n.Name!) && wanted == !IsUsed(n, call.Node.Local)))];
        if (call.Node.Control is { } control)
        {
            StoreView view = await control.ReadAsync(ct);
            networks.AddRange(view.Networks
                .Where(n => !n.IsRemoved && !n.IsPredefined() && (isDangling is not { } wanted || wanted == !IsUsed(n, view)))
                .Select(n => n.ToWire()));
        }
        else if (call.Node.Local is { } local && isDangling is null)
        {
            networks.AddRange(local.ClusterNetworks.Where(n => !n.IsPredefined()).Select(n => n.ToWire()));
        }

        await call.AnswerAsync([.. networks.Where(n => Fits(n, filters))], WireJson.Default.ListWireNetwork, ct);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        string name = call["id"];
        string scope = call.Query("scope");
        if (scope != "swarm" && LocalNetworks.Find(call.Node, name) is { } local)
        {
            string key = LocalNetworks.IsBuiltIn(local.Name!) ? local.Name! : local.Id!;
            await call.AnswerAsync(local with { Containers = await LocalNetworks.ContainersOnAsync(call.Node.Local, key, ct) }, WireJson.Default.WireNetwork, ct);
            return;
        }

        if (call.Node.Control is null && scope != "local" && call.Node.Local?.ClusterNetworks.FirstOrDefault(n => n.Name == name || n.Id.Value == name) is { } known)
        {
            await call.AnswerAsync(known.ToWire() with { Containers = await LocalNetworks.ContainersOnAsync(call.Node.Local, known.Id.Value, ct) }, WireJson.Default.WireNetwork, ct);
            return;
        }

        if (call.Node.Control is not { } control || scope == "local")
        {
            throw ClusterException.NotFound("network", name);
        }

        StoreView view = await control.ReadAsync(ct);
        Network network = view.Network(name);
        WireNetwork shown = network.ToWire() with { Containers = await LocalNetworks.ContainersOnAsync(call.Node.Local, network.Id.Value, ct) };
        await call.AnswerAsync(call.Flag("verbose") ? NetworkUsage.Add(shown, network, view) : shown, WireJson.Default.WireNetwork, ct);
    }

    private static async Task CreateAsync(ApiCall call, CancellationToken ct)
    {
        WireNetworkCreate body = await call.ReadAsync(WireJson.Default.WireNetworkCreate, ct);
        if (IsOfNode(body))
        {
            LocalNetworkSpec wish = LocalNetworkRequest.ToWish(body);
            if (call.Node.Control is { } control)
            {
                RequireFree(wish, await control.ReadAsync(ct));
            }

            await call.AnswerAsync(StatusCodes.Status201Created, new WireNetworkCreated { Id = call.Local.CreateNetwork(wish).Id, Warning = "" }, WireJson.Default.WireNetworkCreated, ct);
            return;
        }

        RequireFree(body, call.Node);
        if (call.Node.Control is null && call.Node.Lifecycle.State() is { State: LocalNodeState.Active, IsManager: false })
        {
            throw new ClusterException(ErrorKind.PermissionDenied, "Cannot create a multi-host network from a worker node. Please create the network from a manager node.");
        }

        NetworkId id = await call.Control.Networks.CreateAsync(body.ToModel(), ct);
        await call.AnswerAsync(StatusCodes.Status201Created, new WireNetworkCreated { Id = id.Value, Warning = "" }, WireJson.Default.WireNetworkCreated, ct);
    }

    /// <summary>Ends as <see cref="CreateAsync"/> would.</summary>
    /// <returns>Whether it would be a network of this node: those are checked and not made.</returns>
    internal static async Task<bool> RehearseAsync(ApiCall call, WireNetworkCreate body, ClusterDryRun rehearsal, CancellationToken ct)
    {
        if (IsOfNode(body))
        {
            LocalNetworkSpec wish = LocalNetworkRequest.ToWish(body);
            RequireFree(wish, rehearsal.View());
            call.Local.CheckNetwork(wish);
            return true;
        }

        RequireFree(body, call.Node);
        await rehearsal.Networks.CreateAsync(body.ToModel(), ct);
        return false;
    }

    private static bool IsOfNode(WireNetworkCreate body) => body.Scope is null or "" or "swarm" or "local"
        ? body.Scope != "swarm" && body.Driver != "overlay"
        : throw ClusterException.Invalid($"invalid scope '{body.Scope}': there are local and swarm");

    private static void RequireFree(LocalNetworkSpec wish, StoreView view)
    {
        if (view.Networks.ByName(wish.Name) is not null)
        {
            throw new ClusterException(ErrorKind.AlreadyExists, $"network with name {wish.Name} already exists");
        }
    }

    private static void RequireFree(WireNetworkCreate body, INodeContext node)
    {
        if (node.Local?.OwnNetworks.Any(n => n.Name == body.Name) == true)
        {
            throw new ClusterException(ErrorKind.AlreadyExists, $"network with name {body.Name} already exists");
        }
    }

    private static async Task RemoveAsync(ApiCall call, CancellationToken ct)
    {
        string name = call["id"];
        if (LocalNetworks.Find(call.Node, name) is { } local)
        {
            if (LocalNetworks.IsBuiltIn(local.Name!))
            {
                throw new ClusterException(ErrorKind.PermissionDenied, $"{local.Name} is a pre-defined network and cannot be removed");
            }

            call.Local.RemoveNetwork(call.Local.FindNetwork(local.Id!)!);
            await call.AnswerAsync(StatusCodes.Status204NoContent);
            return;
        }

        if (call.Node.Control is not { } control)
        {
            throw ClusterException.NotFound("network", name);
        }

        await control.Networks.RemoveAsync(name, ct);
        await call.AnswerAsync(StatusCodes.Status204NoContent);
    }

    /// <remarks>Source: moby/moby:daemon/prune.go: the node's first, then the cluster's.</remarks>
    private static async Task PruneAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("label", "label!", "until");
        DateTimeOffset? until = filters.Values("until") is [var text, ..] ? UntilFilter.Parse(text, time.GetUtcNow()) : null;
        var removed = new List<string>();
        if (call.Node.Local is { } local)
        {
            foreach (LocalNetwork network in local.OwnNetworks.Where(n => IsSelected(n.CreatedAt, n.Labels, filters, until) && !local.IsUsed(n)).ToArray())
            {
                local.RemoveNetwork(network);
                removed.Add(network.Name);
            }
        }

        if (call.Node.Control is { } control)
        {
            removed.AddRange(await control.Networks.PruneAsync(n => IsSelected(n.CreatedAt, n.Spec.Annotations.Labels, filters, until), ct));
        }

        await call.AnswerAsync(new WireNetworksPruned { NetworksDeleted = [.. removed] }, WireJson.Default.WireNetworksPruned, ct);
    }

    private static bool IsSelected(DateTimeOffset createdAt, IReadOnlyDictionary<string, string> labels, QueryFilters filters, DateTimeOffset? until)
        => (until is not { } end || createdAt < end) && filters.Labels("label", labels) && !(filters.Has("label!") && filters.Labels("label!", labels));

    private static async Task ConnectAsync(ApiCall call, CancellationToken ct)
    {
        WireNetworkConnect body = await call.ReadAsync(WireJson.Default.WireNetworkConnect, ct);
        string network = await KnownAsync(call, ct) is { } known ? known.Name! : call["id"];
        if (network == LocalNetworks.Gateway)
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"{network} is given to containers on overlay networks, and to no others");
        }

        await call.Local.ConnectContainerAsync(body.Container ?? "", ContainerRequest.Endpoint(network, body.EndpointConfig), ct);
        await call.AnswerAsync(StatusCodes.Status200OK);
    }

    private static async Task DisconnectAsync(ApiCall call, CancellationToken ct)
    {
        WireNetworkConnect body = await call.ReadAsync(WireJson.Default.WireNetworkConnect, ct);
        WireNetwork? known = await KnownAsync(call, ct);
        NetworkId? id = known is { Scope: "swarm" } ? new NetworkId(known.Id!) : null;
        await call.Local.DisconnectContainerAsync(body.Container ?? "", known?.Name ?? call["id"], id, body.Force, ct);
        await call.AnswerAsync(StatusCodes.Status200OK);
    }

    /// <summary>The network of the path; null where only managers could say.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>.</exception>
    private static async Task<WireNetwork?> KnownAsync(ApiCall call, CancellationToken ct)
    {
        string name = call["id"];
        if (LocalNetworks.Find(call.Node, name) is { } local)
        {
            return local;
        }

        if (call.Node.Control is { } control)
        {
            return (await control.ReadAsync(ct)).Network(name).ToWire();
        }

        if (call.Node.Local?.ClusterNetworks.FirstOrDefault(n => n.Name == name || n.Id.Value == name) is { } told)
        {
            return told.ToWire();
        }

        return call.Node.Lifecycle.State().State == LocalNodeState.Active ? null : throw ClusterException.NotFound("network", name);
    }

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
            || view.Tasks.Any(t => !t.HasEnded && t.Networks.Any(n => n.Network == network.Id));

    private static bool IsUsed(WireNetwork network, ContainerEngine? local) => local?.FindNetwork(network.Id!) is { } own && local.IsUsed(own);
}
