using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

internal static class SecretRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/secrets", ListAsync);
        routes.Add("POST", "/secrets/create", CreateAsync);
        routes.Add("GET", "/secrets/{id}", InspectAsync);
        routes.Add("DELETE", "/secrets/{id}", RemoveAsync);
        routes.Add("POST", "/secrets/{id}/update", UpdateAsync);
    }

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        QueryFilters filters = call.Filters("id", "name", "names", "label");
        StoreView view = await control.ReadAsync(ct);
        IEnumerable<Secret> wanted = view.Secrets.Where(s =>
            filters.Prefix("id", s.Id.Value) && filters.Prefix("name", s.Name) && filters.Exact("names", s.Name) && filters.Labels("label", s.Spec.Annotations.Labels));
        await call.AnswerAsync([.. wanted.Select(SecretMapping.ToWire)], WireJson.Default.ListWireSecret, ct);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        StoreView view = await call.Control.ReadAsync(ct);
        await call.AnswerAsync(view.Secret(call["id"]).ToWire(), WireJson.Default.WireSecret, ct);
    }

    private static async Task CreateAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        WireSecretSpec body = await call.ReadAsync(WireJson.Default.WireSecretSpec, ct);
        SecretId id = await control.Secrets.CreateAsync(body.ToModel(), ct);
        await call.AnswerAsync(StatusCodes.Status201Created, new WireCreated { Id = id.Value }, WireJson.Default.WireCreated, ct);
    }

    private static async Task UpdateAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        ulong version = call.ExpectedVersion("secret");
        WireSecretSpec body = await call.ReadAsync(WireJson.Default.WireSecretSpec, ct);
        await control.Secrets.UpdateAsync(call["id"], version, body.ToModel(), ct);
    }

    private static async Task RemoveAsync(ApiCall call, CancellationToken ct)
    {
        await call.Control.Secrets.RemoveAsync(call["id"], ct);
        await call.AnswerAsync(StatusCodes.Status204NoContent);
    }
}
