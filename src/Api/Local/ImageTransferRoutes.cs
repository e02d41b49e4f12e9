using Skep.Api.Http;
using Skep.Engine.Images;

namespace Skep.Api.Local;

/// <summary>Images on their way: from and to registries and archives.</summary>
internal static class ImageTransferRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("POST", "/images/create", CreateAsync);
        routes.Add("POST", "/images/load", LoadAsync);
        routes.Add("GET", "/images/get", (call, ct) => SaveAsync(call, [.. call.Http.Request.Query["names"].OfType<string>()], ct));
        routes.Add("GET", "/images/{name*}/get", (call, ct) => SaveAsync(call, [call["name"]], ct));
        routes.Add("POST", "/images/{name*}/push", PushAsync);
        routes.Add("POST", "/auth", AuthAsync);
    }

    private static Task CreateAsync(ApiCall call, CancellationToken ct) => call.Query("fromSrc").Length > 0 ? ImportAsync(call, ct) : PullAsync(call, ct);

    private static async Task PullAsync(ApiCall call, CancellationToken ct)
    {
        string image = call.Query("fromImage");
        string tag = call.Query("tag");
        if (image.Length == 0)
        {
            throw ClusterException.Invalid("fromImage is required");
        }

        bool isNamed = image.Contains('@', StringComparison.Ordinal) || image.LastIndexOf(':') > image.LastIndexOf('/');
        if (tag.Length == 0 && !isNamed)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "pulling all tags of a repository is not supported by Skep: name the tags you need");
        }

        string reference = tag.Length == 0 ? image : tag.Contains(':', StringComparison.Ordinal) ? $"{image}@{tag}" : $"{image}:{tag}";
        RegistryCredentials? credentials = RegistryAuthHeader.ReadCredentials(call.Http.Request);
        await ProgressStream.RunAsync(call, async report => await call.Local.PullImageAsync(reference, call.Query("platform"), credentials, step => report(ToWire(step)), ct), ct);
    }

    private static async Task ImportAsync(ApiCall call, CancellationToken ct)
    {
        if (call.Query("fromSrc") != "-")
        {
            throw new ClusterException(ErrorKind.NotImplemented, "importing from an address is not supported by Skep: download the archive and pass it as '-'");
        }

        string repository = call.Query("repo");
        string tag = call.Query("tag");
        string reference = repository.Length == 0 || tag.Length == 0 ? repository : $"{repository}:{tag}";
        string[] changes = [.. call.Http.Request.Query["changes"].OfType<string>()];
        await ProgressStream.RunAsync(
            call,
            async report => report(new WireProgress { Status = await call.Local.ImportImageAsync(call.Http.Request.Body, reference, call.Query("message"), changes, ct) }),
            ct);
    }

    private static async Task LoadAsync(ApiCall call, CancellationToken ct)
        => await ProgressStream.RunAsync(
            call,
            async report =>
            {
                foreach (string name in await call.Local.LoadImagesAsync(call.Http.Request.Body, ct))
                {
                    report(new WireProgress { Stream = $"Loaded image{(name.StartsWith("sha256:", StringComparison.Ordinal) ? " ID" : "")}: {name}\n" });
                }
            },
            ct);

    private static async Task SaveAsync(ApiCall call, IReadOnlyList<string> names, CancellationToken ct)
    {
        if (names.Count == 0)
        {
            throw ClusterException.Invalid("no images to save were named");
        }

        Func<Stream, CancellationToken, Task> write = await call.Local.SaveImagesAsync(names, ct);
        call.Http.Response.ContentType = "application/x-tar";
        await write(call.Http.Response.Body, ct);
    }

    /// <remarks>Without a tag every tag of the repository is pushed, as Docker does.</remarks>
    private static async Task PushAsync(ApiCall call, CancellationToken ct)
    {
        string name = call["name"];
        string tag = call.Query("tag");
        RegistryCredentials? credentials = RegistryAuthHeader.ReadCredentials(call.Http.Request);
        bool isNamed = name.LastIndexOf(':') > name.LastIndexOf('/');
        IReadOnlyList<string> references = tag.Length > 0 ? [$"{name}:{tag}"] : isNamed ? [name] : await call.Local.TagsOfAsync(name, ct);
        if (references.Count == 0)
        {
            throw new ClusterException(ErrorKind.NotFound, $"An image does not exist locally with the tag: {name}");
        }

        await ProgressStream.RunAsync(
            call,
            async report =>
            {
                foreach (string reference in references)
                {
                    await call.Local.PushImageAsync(reference, credentials, step => report(ToWire(step)), ct);
                }
            },
            ct);
    }

    private static async Task AuthAsync(ApiCall call, CancellationToken ct)
    {
        WireAuth auth = await call.ReadAsync(WireJson.Default.WireAuth, ct);
        var credentials = new RegistryCredentials(auth.Username ?? "", SensitiveBytes.From(System.Text.Encoding.UTF8.GetBytes(auth.Password ?? "")))
        {
            IdentityToken = SensitiveBytes.From(System.Text.Encoding.UTF8.GetBytes(auth.IdentityToken ?? "")),
        };
        await call.Local.CheckLoginAsync(auth.ServerAddress ?? "", credentials, ct);
        await call.AnswerAsync(new WireAuthResult("Login Succeeded", ""), WireJson.Default.WireAuthResult, ct);
    }

    private static WireProgress ToWire(ImageProgress step) => new()
    {
        Id = step.Id.Length > 0 ? step.Id : null,
        Status = step.Status,
        // Its presence makes clients overwrite the layer's line.
        ProgressDetail = step.IsOfLayer ? new WireProgressDetail { Current = step.CurrentBytes, Total = step.TotalBytes } : null,
    };
}
