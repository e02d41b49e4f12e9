using Microsoft.Extensions.Primitives;
using Skep.Api.Http;
using Skep.Api.Local;
using Skep.Engine.Containers;
using Skep.Engine.Images;
using Skep.Engine.Volumes;

namespace Skep.Api.Daemon;

/// <summary><c>GET /system/df</c>: what images, containers and volumes of this node take, and who uses them.</summary>
internal static class DiskUse
{
    public static async Task ServeAsync(ApiCall call, CancellationToken ct)
    {
        StringValues types = call.Http.Request.Query["type"];
        if (types.FirstOrDefault(t => t is not ("container" or "image" or "volume" or "build-cache")) is { } unknown)
        {
            throw ClusterException.Invalid($"unknown object type: {unknown}");
        }

        DiskUsage usage = await call.Local.MeasureDiskAsync(ct);
        ValueList<LocalContainer> containers = await call.Local.ListContainersAsync(all: true, ct);
        ValueList<LocalImage> images = await call.Local.ListImagesAsync(ct);
        ValueList<LocalVolume> volumes = await call.Local.ListVolumesAsync(ct);
        bool Wants(string type) => types.Count == 0 || types.Contains(type);
        await call.AnswerAsync(
            new WireDiskUsage
            {
                LayersSize = Wants("image") ? Layers(images).Values.Sum(l => l.Bytes) : 0,
                Images = Wants("image") ? Images(images, containers) : [],
                Containers = Wants("container") ? Containers(containers, images, usage, call.Node.Facts.Hostname) : [],
                Volumes = Wants("volume") ? Volumes(volumes, containers, usage) : [],
                BuildCache = [],
            },
            WireJson.Default.WireDiskUsage,
            ct);
    }

    /// <summary>Each layer once, under what lies below it too, with how many images have it.</summary>
    private static Dictionary<string, (long Bytes, int Images)> Layers(ValueList<LocalImage> images)
    {
        var layers = new Dictionary<string, (long Bytes, int Images)>(StringComparer.Ordinal);
        foreach (LocalImage image in images)
        {
            foreach ((string chain, long bytes) in Chain(image))
            {
                layers[chain] = (bytes, layers.GetValueOrDefault(chain).Images + 1);
            }
        }

        return layers;
    }

    private static IEnumerable<(string Chain, long Bytes)> Chain(LocalImage image)
    {
        string chain = "";
        for (int i = 0; i < image.Layers.Count && i < image.LayerBytes.Count; i++)
        {
            chain += image.Layers[i];
            yield return (chain, image.LayerBytes[i]);
        }
    }

    private static List<WireImageSummary> Images(ValueList<LocalImage> images, ValueList<LocalContainer> containers)
    {
        Dictionary<string, (long Bytes, int Images)> layers = Layers(images);
        return
        [
            .. images.Select(i => ImageMapping.ToSummary(i) with
            {
                Containers = containers.Count(c => c.ImageId == i.Id),
                SharedSize = Chain(i).Where(l => layers[l.Chain].Images > 1).Sum(l => l.Bytes),
            }),
        ];
    }

    private static List<WireContainerSummary> Containers(ValueList<LocalContainer> containers, ValueList<LocalImage> images, DiskUsage usage, string node) =>
    [
        .. containers.Select(c =>
        {
            long own = usage.ContainerBytes.TryGetValue(c.Id, out long bytes) ? bytes : 0;
            return ContainerMapping.ToSummary(c, node) with { SizeRw = own, SizeRootFs = own + (images.FirstOrDefault(i => i.Id == c.ImageId)?.SizeBytes ?? 0) };
        }),
    ];

    private static List<WireVolume> Volumes(ValueList<LocalVolume> volumes, ValueList<LocalContainer> containers, DiskUsage usage) =>
    [
        .. volumes.Select(v => VolumeRoutes.ToWire(v) with
        {
            UsageData = new WireVolumeUsage(
                usage.VolumeBytes.TryGetValue(v.Name, out long bytes) ? bytes : -1,
                containers.Count(c => c.Mounts.Any(m => m.Kind == MountKind.Volume && m.Name == v.Name))),
        }),
    ];
}
