using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

internal static class ConfigRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/configs", ListAsync);
        routes.Add("POST", "/configs/create", CreateAsync);
        routes.Add("GET", "/configs/{id}", InspectAsync);
        routes.Add("DELETE", "/configs/{id}", RemoveAsync);
        routes.Add("POST", "/configs/{id}/update", UpdateAsync);
    }

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        QueryFilters filters = call.Filters("id", "name", "names", "label");
        StoreView view = await control.ReadAsync(ct);
        IEnumerable<Config> wanted = view.Configs.Where(c =>
            filters.Prefix("id", c.Id.Value) && filters.Prefix("name", c.Name) && filters.Exact("names", c.Name) && filters.Labels("label", c.Spec.Annotations.Labels));
        await call.AnswerAsync([.. wanted.Select(SecretMapping.ToWire)], WireJson.Default.ListWireConfig, ct);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        StoreView view = await call.Control.ReadAsync(ct);
        await call.AnswerAsync(view.Config(call["id"]).ToWire(), WireJson.Default.WireConfig, ct);
    }

    private static async Task CreateAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        WireConfigSpec body = await call.ReadAsync(WireJson.Default.WireConfigSpec, ct);
        ConfigId id = await control.Configs.CreateAsync(body.ToModel(), ct);
        await call.AnswerAsync(StatusCodes.Status201Created, new WireCreated { Id = id.Value }, WireJson.Default.WireCreated, ct);
    }

    private static async Task UpdateAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        ulong version = call.ExpectedVersion("config");
        WireConfigSpec body = await call.ReadAsync(WireJson.Default.WireConfigSpec, ct);
        await control.Configs.UpdateAsync(call["id"], version, body.ToModel(), ct);
    }

    private static async Task RemoveAsync(ApiCall call, CancellationToken ct)
    {
        await call.Control.Configs.RemoveAsync(call["id"], ct);
        await call.AnswerAsync(StatusCodes.Status204NoContent);
    }
}
