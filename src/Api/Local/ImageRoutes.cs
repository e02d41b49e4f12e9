using System.IO.Enumeration;
using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Engine;
using Skep.Engine.Images;

namespace Skep.Api.Local;

/// <summary>The images of this node.</summary>
internal static class ImageRoutes
{
    public static void AddTo(RouteTable routes, TimeProvider time)
    {
        routes.Add("GET", "/images/json", (call, ct) => ListAsync(call, time, ct));
        routes.Add("POST", "/images/prune", (call, ct) => PruneAsync(call, time, ct));
        routes.Add("GET", "/images/{name*}/json", async (call, ct) =>
            await call.AnswerAsync(ImageMapping.ToDetail(await call.Local.InspectImageAsync(call["name"], ct)), WireJson.Default.WireImage, ct));
        routes.Add("GET", "/images/{name*}/history", async (call, ct) =>
            await call.AnswerAsync(ImageMapping.ToHistory(await call.Local.InspectImageAsync(call["name"], ct)), WireJson.Default.ListWireImageHistory, ct));
        routes.Add("POST", "/images/{name*}/tag", TagAsync);
        routes.Add("DELETE", "/images/{name*}", RemoveAsync);
    }

    private static async Task ListAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("before", "dangling", "label", "reference", "since", "until");
        ValueList<LocalImage> images = await call.Local.ListImagesAsync(ct);
        DateTimeOffset? before = filters.Values("before") is [var end, ..] ? (await call.Local.InspectImageAsync(end, ct)).CreatedAt : null;
        DateTimeOffset? since = filters.Values("since") is [var start, ..] ? (await call.Local.InspectImageAsync(start, ct)).CreatedAt : null;
        DateTimeOffset? until = filters.Values("until") is [var moment, ..] ? TimeFilter.Read(moment, time.GetUtcNow()) : null;
        bool? isDangling = filters.Flag("dangling");
        IEnumerable<LocalImage> wanted = images.Where(i =>
            (before is not { } b || i.CreatedAt < b)
            && (since is not { } s || i.CreatedAt > s)
            && (until is not { } u || i.CreatedAt <= u)
            && (isDangling is not { } dangling || dangling == IsDangling(i))
            && filters.Labels("label", i.Settings.Labels)
            && filters.Any("reference", pattern => i.Tags.Any(tag => ReferenceFits(tag, pattern)) || i.Digests.Any(digest => ReferenceFits(digest, pattern))));
        await call.AnswerAsync([.. wanted.Select(i => Shown(i, filters))], WireJson.Default.ListWireImageSummary, ct);
    }

    /// <summary>Asked for by a reference, an image shows only the names that fit.</summary>
    private static WireImageSummary Shown(LocalImage image, QueryFilters filters)
    {
        WireImageSummary summary = ImageMapping.ToSummary(image);
        return !filters.Has("reference") ? summary : summary with
        {
            RepoTags = [.. image.Tags.Where(t => filters.Any("reference", pattern => ReferenceFits(t, pattern)))],
            RepoDigests = [.. image.Digests.Where(d => filters.Any("reference", pattern => ReferenceFits(d, pattern)))],
        };
    }

    private static bool IsDangling(LocalImage image) => image.Tags.IsEmpty && image.Digests.IsEmpty;

    private static async Task PruneAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("dangling", "label", "label!", "until");
        bool all = filters.Flag("dangling") == false;
        DateTimeOffset? until = filters.Values("until") is [var moment, ..] ? TimeFilter.Read(moment, time.GetUtcNow()) : null;
        ImageRemoval removal = await call.Local.PruneImagesAsync(
            all, i => (until is not { } u || i.CreatedAt <= u) && filters.Labels("label", i.Settings.Labels) && (!filters.Has("label!") || !filters.Labels("label!", i.Settings.Labels)), ct);
        await call.AnswerAsync(new WireImagesPruned { ImagesDeleted = Steps(removal), SpaceReclaimed = removal.FreedBytes }, WireJson.Default.WireImagesPruned, ct);
    }

    private static async Task TagAsync(ApiCall call, CancellationToken ct)
    {
        string repository = call.Query("repo");
        if (repository.Length == 0)
        {
            throw ClusterException.Invalid("repo is required");
        }

        string tag = call.Query("tag");
        await call.Local.TagImageAsync(call["name"], tag.Length == 0 ? repository : $"{repository}:{tag}", ct);
        await call.AnswerAsync(StatusCodes.Status201Created);
    }

    private static async Task RemoveAsync(ApiCall call, CancellationToken ct)
        => await call.AnswerAsync(Steps(await call.Local.RemoveImageAsync(call["name"], call.Flag("force"), ct)), WireJson.Default.ListWireImageDelete, ct);

    private static List<WireImageDelete> Steps(ImageRemoval removal)
        => [.. removal.Untagged.Select(u => new WireImageDelete { Untagged = u }), .. removal.Deleted.Select(d => new WireImageDelete { Deleted = d })];

    /// <summary><c>busybox</c>, <c>busybox:1.*</c>, <c>*/busybox:latest</c>.</summary>
    private static bool ReferenceFits(string name, string pattern)
    {
        string repository = name.IndexOf('@', StringComparison.Ordinal) is var at and >= 0 ? name[..at] : name[..(name.LastIndexOf(':') is var colon && colon > name.LastIndexOf('/') ? colon : name.Length)];
        return FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false) || FileSystemName.MatchesSimpleExpression(pattern, repository, ignoreCase: false);
    }
}
