using Skep.Api.Http;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

internal static class TaskRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/tasks", ListAsync);
        routes.Add("GET", "/tasks/{id}", InspectAsync);
    }

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        QueryFilters filters = call.Filters("id", "name", "label", "service", "node", "desired-state", "runtime", "_up-to-date");
        filters.RequireKnown("desired-state", "running", "shutdown", "accepted");
        bool? isUpToDate = filters.Flag("_up-to-date");
        StoreView view = await control.ReadAsync(ct);

        // Both are named as users name them; one that does not exist is an error, not an empty list.
        HashSet<ServiceId> services = [.. filters.Values("service").Select(s => view.Service(s).Id)];
        HashSet<NodeId> nodes = [.. filters.Values("node").Select(n => view.Node(n).Id)];
        IEnumerable<SwarmTask> candidates = services.Count > 0 ? services.SelectMany(view.Tasks.OfService)
            : nodes.Count > 0 ? nodes.SelectMany(view.Tasks.OfNode)
            : view.Tasks;
        IEnumerable<SwarmTask> wanted = candidates.Where(t =>
            t.Attachment is null
            && (nodes.Count == 0 || (t.Node is { } node && nodes.Contains(node)))
            && (isUpToDate is not { } expected || view.IsUpToDate(t) == expected)
            && Fits(t, filters));
        var notPublished = new PortsNotPublished(view);
        await call.AnswerAsync([.. wanted.Select(t => notPublished.Told(t).ToWire(view.Networks.Find))], WireJson.Default.ListWireTask, ct);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        StoreView view = await call.Control.ReadAsync(ct);
        await call.AnswerAsync(new PortsNotPublished(view).Told(view.Task(call["id"])).ToWire(view.Networks.Find), WireJson.Default.WireTask, ct);
    }

    private static bool Fits(SwarmTask task, QueryFilters filters)
        => filters.Prefix("id", task.Id.Value)
            && filters.Prefix("name", task.Name)
            && filters.Labels("label", task.ServiceAnnotations.Labels)
            && filters.Exact("desired-state", task.DesiredState.ToWire())
            && filters.Exact("runtime", "container");
}
