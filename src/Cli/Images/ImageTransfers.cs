using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Images;

/// <summary><c>image save</c>, <c>import</c>, <c>push</c>, <c>history</c>.</summary>
internal static class ImageTransfers
{
    private static readonly Flag<string> Output = Flag.Text("output", "Write to a file, instead of STDOUT", 'o');
    private static readonly ListFlag<string> Change = Flag.List("change", "Apply Dockerfile instruction to the created image", 'c');
    private static readonly Flag<string> Message = Flag.Text("message", "Set commit message for imported image", 'm');
    private static readonly Flag<bool> AllTags = Flag.Switch("all-tags", "Push all tags of an image to the repository", 'a');
    private static readonly Flag<bool> QuietPush = Flag.Switch("quiet", "Suppress verbose output", 'q');
    private static readonly Flag<bool> Human = Flag.Switch("human", "Print sizes and dates in human readable format", 'H', byDefault: true);

    public static readonly Verb Save = new("[OPTIONS] IMAGE [IMAGE...]", "Save one or more images to a tar archive (streamed to STDOUT by default)", Arity.Some, [Output], SaveAsync);

    public static readonly Verb Import = new(
        "[OPTIONS] file|- [REPOSITORY[:TAG]]", "Import the contents from a tarball to create a filesystem image", new Arity(1, 2), [Change, Message], ImportAsync);

    public static readonly Verb Push = new("[OPTIONS] NAME[:TAG]", "Upload an image to a registry", Arity.One, [AllTags, QuietPush], PushAsync);

    public static readonly Verb History = new("[OPTIONS] IMAGE", "Show the history of an image", Arity.One, [CommonFlags.Format, Human, CommonFlags.NoTrunc, CommonFlags.Quiet], HistoryAsync);

    private static readonly Columns HistoryColumns = Columns.Of(
        "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
        ("ID", "IMAGE"), ("CreatedSince", "CREATED"), ("CreatedAt", "CREATED AT"), ("CreatedBy", "CREATED BY"), ("Size", "SIZE"), ("Comment", "COMMENT"));

    private static async Task<int> SaveAsync(Invocation call, CancellationToken cancellation)
    {
        if (!call.Given(Output) && call.Terminal.IsInteractive)
        {
            throw new CliException("cowardly refusing to save to a terminal. Use the -o flag or redirect");
        }

        string names = string.Join('&', call.Arguments.Select(static name => $"names={Query.Escape(name)}"));
        using EngineReply reply = await call.Engine.SendAsync("GET", $"/images/get?{names}", null, null, cancellation);
        await using Stream archive = reply.Body;
        if (!call.Given(Output))
        {
            await using Stream output = call.Terminal.OpenOutput();
            await archive.CopyToAsync(output, cancellation);
            return 0;
        }

        // Whole or not at all under its name.
        string path = Path.GetFullPath(call.Get(Output), call.Terminal.CurrentDirectory);
        string unfinished = $"{path}.unfinished";
        try
        {
            await using (FileStream file = File.Create(unfinished))
            {
                await archive.CopyToAsync(file, cancellation);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or HttpRequestException)
        {
            File.Delete(unfinished);
            throw new CliException($"failed to save image: {failure.Message}");
        }

        return 0;
    }

    private static async Task<int> ImportAsync(Invocation call, CancellationToken cancellation)
    {
        string file = call.Arguments[0];
        string reference = call.Arguments.Length > 1 ? call.Arguments[1] : "";
        Stream source;
        try
        {
            source = file == "-" ? call.Terminal.OpenInput() : File.OpenRead(Path.GetFullPath(file, call.Terminal.CurrentDirectory));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"open {file}: {(failure is FileNotFoundException or DirectoryNotFoundException ? "no such file or directory" : failure.Message)}");
        }

        await using (source)
        {
            string query = new Query("/images/create").With("fromSrc", "-").When(reference.Length > 0, "repo", reference).When(call.Given(Message), "message", call.Get(Message)).ToString();
            string changes = string.Concat(call.All(Change).Select(static change => $"&changes={Query.Escape(change)}"));
            using EngineReply reply = await call.Engine.SendAsync("POST", query + changes, EngineBody.Tar(source), null, cancellation);
            await ProgressStream.PrintAsync(call.Out, reply, quiet: false, cancellation);
        }

        return 0;
    }

    private static async Task<int> PushAsync(Invocation call, CancellationToken cancellation)
    {
        string name = call.Arguments[0];
        bool hasTag = ImageReference.HasTag(name);
        if (call.Get(AllTags) && hasTag)
        {
            throw new CliException("tag can't be used with --all-tags/-a");
        }

        if (!call.Get(AllTags) && !hasTag && !call.Get(QuietPush))
        {
            call.Out.WriteLine("Using default tag: latest");
        }

        int colon = hasTag ? name.LastIndexOf(':') : name.Length;
        string tag = hasTag ? name[(colon + 1)..] : "latest";
        string path = new Query($"/images/{name[..colon]}/push").When(!call.Get(AllTags), "tag", tag).ToString();
        // The header must be there, even if it carries nothing.
        using EngineReply reply = await call.Engine.SendAsync("POST", path, null, RegistryAuth.For(call.Terminal, name) ?? "e30=", cancellation);
        await ProgressStream.PrintAsync(call.Out, reply, call.Get(QuietPush), cancellation);
        if (call.Get(QuietPush))
        {
            call.Out.WriteLine($"{name[..colon]}{(call.Get(AllTags) ? "" : $":{tag}")}");
        }

        return 0;
    }

    private static async Task<int> HistoryAsync(Invocation call, CancellationToken cancellation)
    {
        List<WireImageHistory> steps = await call.Engine.GetAsync($"/images/{call.Arguments[0]}/history", WireJson.Default.ListWireImageHistory, cancellation);
        bool full = call.Get(CommonFlags.NoTrunc);
        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(CommonFlags.Quiet) ? "ID" : null, HistoryColumns,
        [
            .. steps.Select(step =>
            {
                DateTimeOffset created = DateTimeOffset.FromUnixTimeSeconds(step.Created);
                string by = (step.CreatedBy ?? "").Replace('\t', ' ');
                return new Row
                {
                    ["ID"] = full ? step.Id ?? "" : HumanFormat.Short(step.Id),
                    ["CreatedSince"] = call.Get(Human) ? step.Created == 0 ? "N/A" : HumanFormat.Ago(created, call.Terminal.Time.GetUtcNow()) : WireTime.Write(created),
                    ["CreatedAt"] = WireTime.Write(created),
                    ["CreatedBy"] = full ? by : HumanFormat.Shortened(by, 45),
                    ["Size"] = call.Get(Human) ? HumanFormat.Size(step.Size, 3) : step.Size.ToString(CultureInfo.InvariantCulture),
                    ["Comment"] = step.Comment ?? "",
                };
            }),
        ]);
        return 0;
    }
}
