using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Engine.Volumes;

namespace Skep.Api.Local;

/// <summary>The volumes of this node; nothing is spread over the cluster.</summary>
internal static class VolumeRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/volumes", ListAsync);
        routes.Add("POST", "/volumes/create", CreateAsync);
        routes.Add("POST", "/volumes/prune", PruneAsync);
        routes.Add("GET", "/volumes/{name}", async (call, ct) =>
            await call.AnswerAsync(ToWire(await call.Local.InspectVolumeAsync(call["name"], ct)), WireJson.Default.WireVolume, ct));
        routes.Add("DELETE", "/volumes/{name}", RemoveAsync);
    }

    public static WireVolume ToWire(LocalVolume volume) => new()
    {
        CreatedAt = volume.CreatedAt,
        Driver = volume.Driver,
        Labels = volume.Labels.Count == 0 ? null : new Dictionary<string, string>(volume.Labels, StringComparer.Ordinal),
        Mountpoint = volume.MountPoint,
        Name = volume.Name,
        Options = volume.Options.Count == 0 ? null : new Dictionary<string, string>(volume.Options, StringComparer.Ordinal),
        Scope = "local",
    };

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("dangling", "driver", "label", "name");
        ValueList<LocalVolume> volumes = await call.Local.ListVolumesAsync(ct);
        HashSet<string> used = filters.Has("dangling")
            ? [.. (await call.Local.ListContainersAsync(all: true, ct)).SelectMany(c => c.Mounts).Select(m => m.Name)]
            : [];
        IEnumerable<LocalVolume> wanted = volumes.Where(v =>
            (filters.Flag("dangling") is not { } dangling || dangling != used.Contains(v.Name))
            && filters.Exact("driver", v.Driver)
            && filters.Labels("label", v.Labels)
            && filters.Part("name", v.Name));
        await call.AnswerAsync(new WireVolumeList { Volumes = [.. wanted.Select(ToWire)], Warnings = [] }, WireJson.Default.WireVolumeList, ct);
    }

    private static async Task CreateAsync(ApiCall call, CancellationToken ct)
    {
        WireVolumeCreate body = await call.ReadAsync(WireJson.Default.WireVolumeCreate, ct);
        if (body.ClusterVolumeSpec is not null)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "cluster (CSI) volumes: not supported by Skep");
        }

        Driver? driver = body.Driver is { Length: > 0 } || body.DriverOpts is { Count: > 0 }
            ? new Driver(body.Driver is { Length: > 0 } name ? name : "local") { Options = (body.DriverOpts ?? []).ToValueMap() }
            : null;
        LocalVolume volume = await call.Local.CreateVolumeAsync(body.Name ?? "", (body.Labels ?? []).ToValueMap(), driver, ct);
        await call.AnswerAsync(StatusCodes.Status201Created, ToWire(volume), WireJson.Default.WireVolume, ct);
    }

    private static async Task RemoveAsync(ApiCall call, CancellationToken ct)
    {
        await call.Local.RemoveVolumeAsync(call["name"], call.Flag("force"), ct);
        await call.AnswerAsync(StatusCodes.Status204NoContent);
    }

    private static async Task PruneAsync(ApiCall call, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("label", "label!", "all");
        // Before 1.42 every unused volume went.
        bool all = filters.Flag("all") ?? call.Version.CompareTo(new ApiVersion(1, 42)) < 0;
        PruneReport report = await call.Local.PruneVolumesAsync(
            all, v => filters.Labels("label", v.Labels) && (!filters.Has("label!") || !filters.Labels("label!", v.Labels)), ct);
        await call.AnswerAsync(new WireVolumesPruned { VolumesDeleted = [.. report.Removed], SpaceReclaimed = report.FreedBytes }, WireJson.Default.WireVolumesPruned, ct);
    }
}
