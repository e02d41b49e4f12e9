using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Objects;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Node;

/// <summary><c>system df</c> and <c>system prune</c>.</summary>
internal static class SystemDisk
{
    private static readonly Flag<bool> Verbose = Flag.Switch("verbose", "Show detailed information on space usage", 'v');
    private static readonly Flag<bool> All = Flag.Switch("all", "Remove all unused images not just dangling ones", 'a');
    private static readonly Flag<bool> WithVolumes = Flag.Switch("volumes", "Prune anonymous volumes");

    public static readonly Verb Use = new("[OPTIONS]", "Show disk usage of the node", Arity.None, [Verbose, CommonFlags.Format], UseAsync);

    public static readonly Verb Prune = new("[OPTIONS]", "Remove unused data", Arity.None, [All, WithVolumes, CommonFlags.PruneFilter, CommonFlags.Force], PruneAsync);

    private static readonly Columns Totals = Columns.Of(
        "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
        ("Type", "TYPE"), ("TotalCount", "TOTAL"), ("Active", "ACTIVE"), ("Size", "SIZE"), ("Reclaimable", "RECLAIMABLE"));

    private static readonly Columns ImageColumns = Columns.Of(
        "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}",
        ("Repository", "REPOSITORY"), ("Tag", "TAG"), ("ID", "IMAGE ID"), ("CreatedSince", "CREATED"), ("Size", "SIZE"), ("SharedSize", "SHARED SIZE"), ("UniqueSize", "UNIQUE SIZE"), ("Containers", "CONTAINERS"));

    private static readonly Columns ContainerColumns = Columns.Of(
        "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.CreatedSince}}\t{{.Status}}\t{{.Names}}",
        ("ID", "CONTAINER ID"), ("Image", "IMAGE"), ("Command", "COMMAND"), ("LocalVolumes", "LOCAL VOLUMES"), ("Size", "SIZE"), ("CreatedSince", "CREATED"), ("Status", "STATUS"), ("Names", "NAMES"));

    private static readonly Columns VolumeColumns = Columns.Of("{{.Name}}\t{{.Links}}\t{{.Size}}", ("Name", "VOLUME NAME"), ("Links", "LINKS"), ("Size", "SIZE"));

    private static async Task<int> UseAsync(Invocation call, CancellationToken cancellation)
    {
        WireDiskUsage usage = await call.Engine.GetAsync("/system/df", WireJson.Default.WireDiskUsage, cancellation);
        if (call.Get(Verbose))
        {
            PrintAll(call, usage);
            return 0;
        }

        List<WireImageSummary> images = usage.Images ?? [];
        List<WireContainerSummary> containers = usage.Containers ?? [];
        List<WireVolume> volumes = usage.Volumes ?? [];
        long usedImages = images.Where(static i => i.Containers > 0).Sum(static i => i.Size - Math.Max(0, i.SharedSize));
        WireContainerSummary[] running = [.. containers.Where(static c => c.State is "running" or "paused" or "restarting")];
        WireVolume[] inUse = [.. volumes.Where(static v => v.UsageData is { RefCount: > 0 })];
        long volumeBytes = volumes.Sum(Bytes);
        Listing.Print(call.Out, call.Get(CommonFlags.Format), null, Totals,
        [
            Total("Images", images.Count, images.Count(static i => i.Containers > 0), usage.LayersSize, Math.Max(0, usage.LayersSize - usedImages)),
            Total("Containers", containers.Count, running.Length, containers.Sum(static c => c.SizeRw ?? 0), containers.Sum(static c => c.SizeRw ?? 0) - running.Sum(static c => c.SizeRw ?? 0)),
            Total("Local Volumes", volumes.Count, inUse.Length, volumeBytes, volumeBytes - inUse.Sum(Bytes)),
            Total("Build Cache", 0, 0, 0, 0),
        ]);
        return 0;
    }

    private static long Bytes(WireVolume volume) => Math.Max(0, volume.UsageData?.Size ?? 0);

    private static Row Total(string type, int count, int active, long bytes, long reclaimable) => new()
    {
        ["Type"] = type,
        ["TotalCount"] = count.ToString(CultureInfo.InvariantCulture),
        ["Active"] = active.ToString(CultureInfo.InvariantCulture),
        ["Size"] = HumanFormat.Size(bytes),
        ["Reclaimable"] = bytes > 0 ? string.Create(CultureInfo.InvariantCulture, $"{HumanFormat.Size(reclaimable)} ({reclaimable * 100 / bytes}%)") : HumanFormat.Size(reclaimable),
    };

    private static void PrintAll(Invocation call, WireDiskUsage usage)
    {
        DateTimeOffset now = call.Terminal.Time.GetUtcNow();
        call.Out.WriteLine("Images space usage:\n");
        Listing.Print(call.Out, "", null, ImageColumns, [.. (usage.Images ?? []).Select(image =>
        {
            string name = image.RepoTags is [var first, ..] ? first : $"{image.RepoDigests?.FirstOrDefault()?.Split('@')[0] ?? "<none>"}:<none>";
            int colon = name.LastIndexOf(':');
            long shared = Math.Max(0, image.SharedSize);
            return new Row
            {
                ["Repository"] = name[..colon],
                ["Tag"] = name[(colon + 1)..],
                ["ID"] = HumanFormat.Short(image.Id),
                ["CreatedSince"] = image.Created == 0 ? "N/A" : HumanFormat.Ago(DateTimeOffset.FromUnixTimeSeconds(image.Created), now),
                ["Size"] = HumanFormat.Size(image.Size, 3),
                ["SharedSize"] = HumanFormat.Size(shared, 3),
                ["UniqueSize"] = HumanFormat.Size(image.Size - shared),
                ["Containers"] = image.Containers.ToString(CultureInfo.InvariantCulture),
            };
        })]);
        call.Out.WriteLine("\nContainers space usage:\n");
        Listing.Print(call.Out, "", null, ContainerColumns, [.. (usage.Containers ?? []).Select(container => new Row
        {
            ["ID"] = HumanFormat.Short(container.Id),
            ["Image"] = container.Image ?? "",
            ["Command"] = $"\"{HumanFormat.Shortened(container.Command ?? "", 20)}\"",
            ["LocalVolumes"] = (container.Mounts ?? []).Count(static m => m.Driver == "local").ToString(CultureInfo.InvariantCulture),
            ["Size"] = HumanFormat.Size(container.SizeRw ?? 0, 3),
            ["CreatedSince"] = HumanFormat.Ago(DateTimeOffset.FromUnixTimeSeconds(container.Created), now),
            ["Status"] = container.Status ?? "",
            ["Names"] = string.Join(',', (container.Names ?? []).Select(static n => n.TrimStart('/'))),
        })]);
        call.Out.WriteLine("\nLocal Volumes space usage:\n");
        Listing.Print(call.Out, "", null, VolumeColumns, [.. (usage.Volumes ?? []).Select(static volume => new Row
        {
            ["Name"] = volume.Name ?? "",
            ["Links"] = (volume.UsageData?.RefCount ?? 0).ToString(CultureInfo.InvariantCulture),
            ["Size"] = HumanFormat.Size(Bytes(volume)),
        })]);
    }

    private static async Task<int> PruneAsync(Invocation call, CancellationToken cancellation)
    {
        bool all = call.Get(All);
        bool volumes = call.Get(WithVolumes);
        string images = all ? "all images without at least one container associated to them" : "all dangling images";
        if (!call.Get(CommonFlags.Force) && !await call.Terminal.ConfirmsAsync(
            $"WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n{(volumes ? "  - all anonymous volumes not used by at least one container\n" : "")}  - {images}\n\nAre you sure you want to continue?", "nothing was removed", cancellation))
        {
            return 0;
        }

        string Path(string path, params ReadOnlySpan<(string Key, string Value)> more)
        {
            Query query = new Query(path).Filters(call.All(CommonFlags.PruneFilter).Where(f => path != "/volumes/prune" || f.Key != "until"));
            foreach ((string key, string value) in more)
            {
                query.Filter(key, value);
            }

            return query.ToString();
        }

        WireContainersPruned containers = await call.Engine.PostAsync(Path("/containers/prune"), WireJson.Default.WireContainersPruned, cancellation);
        Tell(call, "Deleted Containers:", containers.ContainersDeleted);
        long freed = containers.SpaceReclaimed;
        WireNetworksPruned networks = await call.Engine.PostAsync(Path("/networks/prune"), WireJson.Default.WireNetworksPruned, cancellation);
        Tell(call, "Deleted Networks:", networks.NetworksDeleted);
        if (volumes)
        {
            WireVolumesPruned pruned = await call.Engine.PostAsync(Path("/volumes/prune"), WireJson.Default.WireVolumesPruned, cancellation);
            Tell(call, "Deleted Volumes:", pruned.VolumesDeleted);
            freed += pruned.SpaceReclaimed;
        }

        WireImagesPruned removed = await call.Engine.PostAsync(Path("/images/prune", ("dangling", all ? "false" : "true")), WireJson.Default.WireImagesPruned, cancellation);
        Tell(call, "Deleted Images:", removed.ImagesDeleted?.Select(static i => i.Deleted is { Length: > 0 } id ? $"deleted: {id}" : $"untagged: {i.Untagged}"));
        freed += removed.SpaceReclaimed;
        call.Out.WriteLine($"Total reclaimed space: {HumanFormat.Size(freed)}");
        return 0;
    }

    private static void Tell(Invocation call, string head, IEnumerable<string>? names)
    {
        if (names?.ToArray() is { Length: > 0 } all)
        {
            call.Out.WriteLine($"{head}\n{string.Join('\n', all)}\n");
        }
    }
}
