using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

internal static class ServiceRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/services", ListAsync);
        routes.Add("POST", "/services/create", CreateAsync);
        routes.Add("GET", "/services/{id}", InspectAsync);
        routes.Add("DELETE", "/services/{id}", (call, ct) => call.Control.Services.RemoveAsync(call["id"], ct));
        routes.Add("POST", "/services/{id}/update", UpdateAsync);
    }

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        QueryFilters filters = call.Filters("id", "name", "label", "mode", "runtime");
        filters.RequireKnown("mode", "replicated", "global", "replicated-job", "global-job");
        bool withStatus = call.Flag("status");
        StoreView view = await control.ReadAsync(ct);
        var notPublished = new PortsNotPublished(view);
        List<WireService> services = [];
        foreach (Service service in view.Services.Where(s => Fits(s, filters)))
        {
            WireService shown = notPublished.Told(service).ToWire(view.Networks.Find);
            if (withStatus)
            {
                ServiceCounts counts = view.CountsOf(service);
                shown = shown with
                {
                    ServiceStatus = new WireServiceStatus { RunningTasks = counts.Running, DesiredTasks = counts.Desired, CompletedTasks = counts.Completed },
                };
            }

            services.Add(shown);
        }

        await call.AnswerAsync(services, WireJson.Default.ListWireService, ct);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        StoreView view = await call.Control.ReadAsync(ct);
        Service service = view.Service(call["id"]);
        if (call.Flag("insertDefaults"))
        {
            service = service with { Spec = ServiceDefaults.Fill(service.Spec) };
        }

        await call.AnswerAsync(new PortsNotPublished(view).Told(service).ToWire(view.Networks.Find), WireJson.Default.WireService, ct);
    }

    private static async Task CreateAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        WireServiceSpec body = await call.ReadAsync(WireJson.Default.WireServiceSpec, ct);
        ServiceSpec spec = body.ToModel();
        if (RegistryAuthHeader.Read(call.Http.Request) is { } auth)
        {
            spec = spec with { Task = spec.Task with { Container = spec.Task.Container with { RegistryAuth = auth } } };
        }

        await RequireOfClusterAsync(call, spec, ct);
        ServiceId id = await control.Services.CreateAsync(spec, ct);
        await call.AnswerAsync(StatusCodes.Status201Created, new WireCreated { Id = id.Value, Warnings = [] }, WireJson.Default.WireCreated, ct);
    }

    private static async Task UpdateAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        ulong version = call.ExpectedVersion("service");
        switch (call.Query("rollback"))
        {
            case "previous":
                await control.Services.RollbackAsync(call["id"], version, ct);
                break;
            case "" or "none":
                WireServiceSpec body = await call.ReadAsync(WireJson.Default.WireServiceSpec, ct);
                await control.Services.UpdateAsync(
                    call["id"],
                    new ServiceUpdate(version, body.ToModel()) { RegistryAuth = RegistryAuthHeader.Read(call.Http.Request), AuthFrom = AuthSource(call.Query("registryAuthFrom")) },
                    ct);
                break;
            case var other:
                throw ClusterException.Invalid($"unrecognized rollback option {other}");
        }

        await call.AnswerAsync(new WireWarnings { Warnings = [] }, WireJson.Default.WireWarnings, ct);
    }

    /// <summary>Says what is wrong with a network that is there, but is this node's alone.</summary>
    private static async Task RequireOfClusterAsync(ApiCall call, ServiceSpec spec, CancellationToken ct)
    {
        if (call.Node.Local is { OwnNetworks.Count: > 0 } local)
        {
            RequireOfCluster(spec, await call.Control.ReadAsync(ct), target => local.FindNetwork(target)?.Name);
        }
    }

    /// <param name="nameOfOwn">The name of the node's network that is meant by a name or id; null if there is none.</param>
    internal static void RequireOfCluster(ServiceSpec spec, StoreView view, Func<string, string?> nameOfOwn)
    {
        foreach (NetworkAttachmentSpec network in spec.Task.Networks)
        {
            if (view.Networks.ByName(network.Target) is null && view.Networks.Find(new NetworkId(network.Target)) is null && nameOfOwn(network.Target) is { } own)
            {
                throw new ClusterException(
                    ErrorKind.PermissionDenied,
                    $"The network {own} cannot be used with services. Only networks scoped to the swarm can be used, such as those created with the overlay driver.");
            }
        }
    }

    private static bool Fits(Service service, QueryFilters filters)
        => filters.Prefix("id", service.Id.Value)
            && filters.Prefix("name", service.Name)
            && filters.Labels("label", service.Spec.Annotations.Labels)
            && filters.Exact("mode", service.Spec.Mode.ToWire())
            && filters.Exact("runtime", "container");

    private static RegistryAuthSource AuthSource(string word) => word switch
    {
        "" or "spec" => RegistryAuthSource.Spec,
        "previous-spec" => RegistryAuthSource.PreviousSpec,
        _ => throw ClusterException.Invalid($"unsupported registryAuthFrom value: {word}"),
    };
}
