using System.IO.Enumeration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skep.Api.Http;
using Skep.Worker.Local;

namespace Skep.Api.Local;

/// <summary>The images of this node.</summary>
internal static class ImageRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/images/json", ListAsync);
        routes.Add("POST", "/images/create", PullAsync);
        routes.Add("POST", "/images/load", LoadAsync);
        routes.Add("GET", "/images/{name*}/json", async (call, ct) =>
            await call.AnswerAsync(ImageMapping.ToDetail(await call.Local.InspectImageAsync(call["name"], ct)), WireJson.Default.WireImage, ct));
        routes.Add("GET", "/images/{name*}/history", async (call, ct) =>
            await call.AnswerAsync(ImageMapping.ToHistory(await call.Local.InspectImageAsync(call["name"], ct)), WireJson.Default.ListWireImageHistory, ct));
        routes.Add("POST", "/images/{name*}/tag", TagAsync);
        routes.Add("DELETE", "/images/{name*}", RemoveAsync);
    }

    private static async Task ListAsync(ApiCall call, CancellationToken ct)
    {
        QueryFilters filters = call.Filters("before", "dangling", "label", "reference", "since", "until");
        ValueList<LocalImage> images = await call.Local.ListImagesAsync(ct);
        DateTimeOffset? before = filters.Values("before") is [var end, ..] ? (await call.Local.InspectImageAsync(end, ct)).CreatedAt : null;
        DateTimeOffset? since = filters.Values("since") is [var start, ..] ? (await call.Local.InspectImageAsync(start, ct)).CreatedAt : null;
        if (filters.Has("until"))
        {
            throw new ClusterException(ErrorKind.NotImplemented, "filter 'until' is not supported for images");
        }

        bool? isDangling = filters.Flag("dangling");
        IEnumerable<LocalImage> wanted = images.Where(i =>
            (before is not { } b || i.CreatedAt < b)
            && (since is not { } s || i.CreatedAt > s)
            && (isDangling is not { } dangling || dangling == i.Tags.IsEmpty)
            && filters.Labels("label", i.Settings.Labels)
            && filters.Any("reference", pattern => i.Tags.Any(tag => ReferenceFits(tag, pattern))));
        await call.AnswerAsync([.. wanted.OrderByDescending(i => i.CreatedAt).Select(ImageMapping.ToSummary)], WireJson.Default.ListWireImageSummary, ct);
    }

    private static async Task PullAsync(ApiCall call, CancellationToken ct)
    {
        if (call.Query("fromSrc").Length > 0)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "importing a file system as an image: not supported by Skep");
        }

        string image = call.Query("fromImage");
        string tag = call.Query("tag");
        if (image.Length == 0)
        {
            throw ClusterException.Invalid("fromImage is required");
        }

        string reference = tag.Length == 0 ? image : tag.Contains(':', StringComparison.Ordinal) ? $"{image}@{tag}" : $"{image}:{tag}";
        RegistryCredentials? credentials = RegistryAuthHeader.ReadCredentials(call.Http.Request);
        await ProgressStream.RunAsync(
            call,
            async report =>
            {
                LocalImage pulled = await call.Local.PullImageAsync(
                    reference,
                    credentials,
                    p => report(new WireProgress
                    {
                        Id = p.Id.Length > 0 ? p.Id : null,
                        Status = p.Status,
                        ProgressDetail = new WireProgressDetail { Current = p.CurrentBytes, Total = p.TotalBytes },
                    }),
                    ct);
                if (pulled.TargetDigest.Length > 0)
                {
                    report(new WireProgress { Status = $"Digest: {pulled.TargetDigest}" });
                }

                report(new WireProgress { Status = $"Status: Image is up to date for {reference}" });
            },
            ct);
    }

    private static async Task LoadAsync(ApiCall call, CancellationToken ct)
    {
        // Archives of images are larger than any other body.
        if (call.Http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        await ProgressStream.RunAsync(
            call,
            async report =>
            {
                foreach (string name in await call.Local.LoadImagesAsync(call.Http.Request.Body, ct))
                {
                    report(new WireProgress { Stream = $"Loaded image{(name.StartsWith("sha256:", StringComparison.Ordinal) ? " ID" : "")}: {name}\n" });
                }
            },
            ct);
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
    {
        ImageRemoval removal = await call.Local.RemoveImageAsync(call["name"], call.Flag("force"), ct);
        List<WireImageDelete> steps = [.. removal.Untagged.Select(u => new WireImageDelete { Untagged = u }), .. removal.Deleted.Select(d => new WireImageDelete { Deleted = d })];
        await call.AnswerAsync(steps, WireJson.Default.ListWireImageDelete, ct);
    }

    /// <summary><c>busybox</c>, <c>busybox:1.*</c>, <c>*/busybox:latest</c>.</summary>
    private static bool ReferenceFits(string tag, string pattern)
    {
        string repository = tag[..(tag.LastIndexOf(':') is var colon && colon > tag.LastIndexOf('/') ? colon : tag.Length)];
        return FileSystemName.MatchesSimpleExpression(pattern, tag, ignoreCase: false) || FileSystemName.MatchesSimpleExpression(pattern, repository, ignoreCase: false);
    }
}
