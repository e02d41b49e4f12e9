using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Images;

/// <summary><c>image ls</c>, <c>inspect</c>, <c>load</c>, <c>pull</c>, <c>rm</c>, <c>tag</c>, <c>prune</c>: the node's own images.</summary>
internal static class ImageVerbs
{
    private static readonly Flag<bool> All = Flag.Switch("all", "Show all images (default hides intermediate images)", 'a');
    private static readonly Flag<bool> Digests = Flag.Switch("digests", "Show digests");
    private static readonly Flag<string> Input = Flag.Text("input", "Read from tar archive file, instead of STDIN", 'i');
    private static readonly Flag<bool> QuietLoad = Flag.Switch("quiet", "Suppress the load output", 'q');
    private static readonly Flag<bool> QuietPull = Flag.Switch("quiet", "Suppress verbose output", 'q');
    private static readonly Flag<string> Platform = Flag.Text("platform", "Set platform if server is multi-platform capable");
    private static readonly Flag<bool> ForceRemove = Flag.Switch("force", "Force removal of the image", 'f');
    private static readonly Flag<bool> NoPrune = Flag.Switch("no-prune", "Do not delete untagged parents");
    private static readonly Flag<bool> PruneAll = Flag.Switch("all", "Remove all unused images, not just dangling ones", 'a');

    public static readonly Verb List = new("[OPTIONS] [REPOSITORY[:TAG]]", "List images", new Arity(0, 1),
        [All, Digests, CommonFlags.Filter, CommonFlags.Format, CommonFlags.NoTrunc, CommonFlags.Quiet], ListAsync);

    public static readonly Verb Inspect = new("[OPTIONS] IMAGE [IMAGE...]", "Display detailed information on one or more images", Arity.Some, [CommonFlags.InspectFormat], static (call, cancellation) =>
        InspectPrinter.RunAsync(call, call.Get(CommonFlags.InspectFormat), (name, ct) => call.Engine.GetRawAsync($"/images/{name}/json", ct), cancellation));

    public static readonly Verb Load = new("[OPTIONS]", "Load an image from a tar archive or STDIN", Arity.None, [Input, QuietLoad, Platform], LoadAsync);

    public static readonly Verb Pull = new("[OPTIONS] NAME[:TAG|@DIGEST]", "Download an image from a registry", Arity.One, [QuietPull, Platform], PullAsync);

    public static readonly Verb Tag = new("SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE", Arity.Exactly(2), [], static async (call, cancellation) =>
    {
        string target = ImageReference.WithTag(call.Arguments[1]);
        int colon = target.LastIndexOf(':');
        await call.Engine.PostAsync(new Query($"/images/{call.Arguments[0]}/tag").With("repo", target[..colon]).With("tag", target[(colon + 1)..]).ToString(), cancellation);
        return 0;
    });

    public static readonly Verb Remove = new("[OPTIONS] IMAGE [IMAGE...]", "Remove one or more images", Arity.Some, [ForceRemove, NoPrune], RemoveAsync);

    public static readonly Verb Prune = new("[OPTIONS]", "Remove unused images", Arity.None, [PruneAll, CommonFlags.PruneFilter, CommonFlags.Force], static async (call, cancellation) =>
    {
        bool all = call.Get(PruneAll);
        if (!call.Get(CommonFlags.Force) && !await call.Terminal.ConfirmsAsync(all
            ? "WARNING! This will remove all images without at least one container associated to them.\nAre you sure you want to continue?"
            : "WARNING! This will remove all dangling images.\nAre you sure you want to continue?", "nothing was removed", cancellation))
        {
            return 0;
        }

        WireImagesPruned answer = await call.Engine.PostAsync(
            new Query("/images/prune").Filters(call.All(CommonFlags.PruneFilter)).Filter("dangling", all ? "false" : "true").ToString(), WireJson.Default.WireImagesPruned, cancellation);
        if (answer.ImagesDeleted is { Count: > 0 } removed)
        {
            call.Out.WriteLine($"Deleted Images:\n{string.Join('\n', removed.Select(static item => item.Deleted is { Length: > 0 } id ? $"deleted: {id}" : $"untagged: {item.Untagged}"))}\n");
        }

        call.Out.WriteLine($"Total reclaimed space: {HumanFormat.Size(answer.SpaceReclaimed)}");
        return 0;
    });

    private static readonly Columns Columns = Columns.Of(
        "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
        ("ID", "IMAGE ID"), ("Repository", "REPOSITORY"), ("Tag", "TAG"), ("Digest", "DIGEST"), ("CreatedSince", "CREATED"), ("CreatedAt", "CREATED AT"), ("Size", "SIZE"), ("Containers", "CONTAINERS"),
        ("SharedSize", "SHARED SIZE"), ("UniqueSize", "UNIQUE SIZE"), ("VirtualSize", "SIZE"));

    private static async Task<int> ListAsync(Invocation call, CancellationToken cancellation)
    {
        Query query = new Query("/images/json").Filters(call.All(CommonFlags.Filter)).When(call.Get(All), "all", "1");
        if (call.Arguments.Length > 0)
        {
            query.Filter("reference", call.Arguments[0]);
        }

        List<WireImageSummary> images = await call.Engine.GetAsync(query.ToString(), WireJson.Default.ListWireImageSummary, cancellation);
        List<Row> rows = [];
        foreach (WireImageSummary image in images.OrderByDescending(static image => image.Created))
        {
            DateTimeOffset created = DateTimeOffset.FromUnixTimeSeconds(image.Created);
            foreach (string name in image.RepoTags is { Count: > 0 } tags ? tags : [$"{image.RepoDigests?.FirstOrDefault()?.Split('@')[0] ?? "<none>"}:<none>"])
            {
                int colon = name.LastIndexOf(':');
                string repository = colon < 0 ? name : name[..colon];
                rows.Add(new Row
                {
                    ["ID"] = call.Get(CommonFlags.NoTrunc) ? image.Id : HumanFormat.Short(image.Id),
                    ["Repository"] = repository,
                    ["Tag"] = colon < 0 ? "<none>" : name[(colon + 1)..],
                    ["Digest"] = image.RepoDigests?.Find(d => d.StartsWith($"{repository}@", StringComparison.Ordinal))?.Split('@')[^1] ?? "<none>",
                    ["CreatedSince"] = image.Created == 0 ? "N/A" : HumanFormat.Ago(created, call.Terminal.Time.GetUtcNow()),
                    ["CreatedAt"] = created.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss '+0000 UTC'", CultureInfo.InvariantCulture),
                    ["Size"] = HumanFormat.Size(image.Size, 3),
                    ["SharedSize"] = image.SharedSize < 0 ? "N/A" : HumanFormat.Size(image.SharedSize),
                    ["UniqueSize"] = image.SharedSize < 0 ? "N/A" : HumanFormat.Size(image.Size - image.SharedSize),
                    ["VirtualSize"] = HumanFormat.Size(image.Size),
                    ["Containers"] = image.Containers < 0 ? "N/A" : image.Containers.ToString(CultureInfo.InvariantCulture),
                });
            }
        }

        Columns columns = call.Get(Digests) ? Columns with { Default = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}" } : Columns;
        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(CommonFlags.Quiet) ? "ID" : null, columns, rows);
        return 0;
    }

    private static async Task<int> LoadAsync(Invocation call, CancellationToken cancellation)
    {
        if (!call.Given(Input) && call.Terminal.CanAsk)
        {
            throw new CliException("requested load from stdin, but stdin is empty");
        }

        Stream source;
        try
        {
            source = call.Given(Input) ? File.OpenRead(call.Get(Input)) : call.Terminal.OpenInput();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"open {call.Get(Input)}: {(failure is FileNotFoundException or DirectoryNotFoundException ? "no such file or directory" : failure.Message)}");
        }

        await using (source)
        {
            using EngineReply reply = await call.Engine.SendAsync("POST", new Query("/images/load").With("quiet", call.Get(QuietLoad) || !call.Terminal.IsInteractive ? "1" : "0").ToString(), EngineBody.Tar(source), null, cancellation);
            await ProgressStream.PrintAsync(call.Out, reply, quiet: false, cancellation);
        }

        return 0;
    }

    private static async Task<int> PullAsync(Invocation call, CancellationToken cancellation)
    {
        (string repository, string tag) = ImageReference.Full(call.Arguments[0]);
        bool quiet = call.Get(QuietPull);
        if (!quiet && !ImageReference.HasTag(call.Arguments[0]) && !ImageReference.HasDigest(call.Arguments[0]))
        {
            call.Out.WriteLine("Using default tag: latest");
        }

        Query query = new Query("/images/create").With("fromImage", repository).With("tag", tag).When(call.Given(Platform), "platform", call.Get(Platform));
        using EngineReply reply = await call.Engine.SendAsync("POST", query.ToString(), null, RegistryAuth.For(call.Terminal, call.Arguments[0]), cancellation);
        await ProgressStream.PrintAsync(call.Out, reply, quiet, cancellation);
        call.Out.WriteLine(tag.Contains(':', StringComparison.Ordinal) ? $"{repository}@{tag}" : $"{repository}:{tag}");
        return 0;
    }

    private static async Task<int> RemoveAsync(Invocation call, CancellationToken cancellation)
    {
        List<string> failures = [];
        foreach (string name in call.Arguments)
        {
            try
            {
                PrintRemoved(call, await call.Engine.DeleteAsync(
                    new Query($"/images/{name}").When(call.Get(ForceRemove), "force", "1").When(call.Get(NoPrune), "noprune", "1").ToString(), WireJson.Default.ListWireImageDelete, cancellation));
            }
            catch (EngineException failure)
            {
                failures.Add(failure.Message);
            }
        }

        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    }

    private static void PrintRemoved(Invocation call, List<WireImageDelete>? removed)
    {
        foreach (WireImageDelete item in removed ?? [])
        {
            call.Out.WriteLine(item.Deleted is { Length: > 0 } id ? $"Deleted: {id}" : $"Untagged: {item.Untagged}");
        }
    }
}
