using Skep.Api.Http;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

internal static class NodeRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/nodes", ListAsync);
        routes.Add("GET", "/nodes/{id}", InspectAsync);
        routes.Add("DELETE", "/nodes/{id}", (call, ct) => call.Control.Nodes.RemoveAsync(call["id"], call.Flag("force"), ct));
        routes.Add("POST", "/nodes/{id}/update", UpdateAsync);
    }

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        QueryFilters filters = call.Filters("id", "name", "label", "node.label", "role", "membership");
        filters.RequireKnown("role", "manager", "worker");
        filters.RequireKnown("membership", "accepted", "pending");
        ManagerGroup group = control.Members.Group();
        StoreView view = await control.ReadAsync(ct);
        await call.AnswerAsync([.. view.Nodes.Where(n => Fits(n, filters)).Select(n => n.ToWire(StateOf(n, group)))], WireJson.Default.ListWireNode, ct);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        StoreView view = await control.ReadAsync(ct);
        Node node = view.Node(call["id"]);
        await call.AnswerAsync(node.ToWire(StateOf(node, control.Members.Group())), WireJson.Default.WireNode, ct);
    }

    private static async Task UpdateAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        ulong version = call.ExpectedVersion("node");
        WireNodeSpec body = await call.ReadAsync(WireJson.Default.WireNodeSpec, ct);
        await control.Nodes.UpdateAsync(call["id"], version, body.ToModel(), ct);
    }

    private static bool Fits(Node node, QueryFilters filters)
        => filters.Prefix("id", node.Id.Value)
            && filters.Any("name", v => node.Hostname.StartsWith(v, StringComparison.Ordinal) || (v.Length > 0 && node.Spec.Annotations.Name.StartsWith(v, StringComparison.Ordinal)))
            && filters.Labels("label", node.Description?.EngineLabels ?? ValueMap<string, string>.Empty)
            && filters.Labels("node.label", node.Spec.Annotations.Labels)
            && filters.Exact("role", node.Spec.DesiredRole.ToWire())
            && filters.Exact("membership", "accepted");

    private static ManagerState? StateOf(Node node, ManagerGroup group)
        => node.Manager is null ? null : new ManagerState(node.Id == group.Leader, group.CanReach(node));
}
