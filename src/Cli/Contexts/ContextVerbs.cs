using System.Text.Json;
using System.Text.Json.Nodes;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;

namespace Skep.Cli.Contexts;

/// <summary><c>context</c>: names for daemons, in Docker's own store.</summary>
internal static class ContextVerbs
{
    private const string OfDefault = "Current DOCKER_HOST based configuration";
    private const string InMemory = "<IN MEMORY>";

    private static readonly Flag<string> Description = Flag.Text("description", "Description of the context");
    private static readonly ListFlag<KeyValuePair<string, string>> Endpoint = Flag.List("docker", "Set the docker endpoint", GoValues.Pair, valueName: "stringToString");
    private static readonly Flag<string> From = Flag.Text("from", "Create context from a named context");
    private static readonly Flag<bool> ForceRemove = Flag.Switch("force", "Force the removal of a context in use", 'f');
    private static readonly Flag<bool> OnlyNames = Flag.Switch("quiet", "Only show context names", 'q');

    public static readonly Verb Create = Local("[OPTIONS] CONTEXT", "Create a context", Arity.One, [Description, Endpoint, From], static (call, _) =>
    {
        ContextStore store = Store(call);
        string name = call.Arguments[0];
        ContextStore.CheckName(name);
        if (store.Exists(name))
        {
            throw new CliException($"context \"{name}\" already exists");
        }

        StoredContext start = call.Get(From) is { Length: > 0 } source ? Find(call, source)
            : call.Given(Endpoint) ? new StoredContext(name, "", "", false, StoredContext.NoTls) : Find(call, CurrentContext.NameOf(call.Options, call.Terminal));
        store.Write(Apply(call, start with { Name = name }, "create"));
        return Say(call, name, $"Successfully created context \"{name}\"");
    });

    public static readonly Verb Update = Local("[OPTIONS] CONTEXT", "Update a context", Arity.One, [Description, Endpoint], static (call, _) =>
    {
        ContextStore store = Store(call);
        string name = call.Arguments[0];
        ContextStore.CheckName(name);
        store.Write(Apply(call, store.Find(name), "update"));
        return Say(call, name, $"Successfully updated context \"{name}\"");
    });

    public static readonly Verb List = Local("[OPTIONS]", "List contexts", Arity.None, [CommonFlags.Format, OnlyNames], static (call, _) => Print(call));

    public static readonly Verb Show = Local("", "Print the name of the current context", Arity.None, [], static (call, _) =>
    {
        call.Out.WriteLine(Find(call, CurrentContext.NameOf(call.Options, call.Terminal)).Name);
        return Task.FromResult(0);
    });

    public static readonly Verb Use = Local("CONTEXT", "Set the current context", Arity.One, [], static (call, _) =>
    {
        string name = Find(call, call.Arguments[0]).Name;
        Store(call).WriteCurrent(name);
        Task<int> said = Say(call, name, $"Current context is now \"{name}\"");
        if (new[] { "SKEP_HOST", "DOCKER_HOST" }.FirstOrDefault(variable => call.Terminal.Variable(variable) is not null) is { } variable)
        {
            call.Err.WriteLine($"Warning: {variable} environment variable overrides the active context. To use a context, either set the global --context flag, or unset {variable} environment variable.");
        }

        return said;
    });

    public static readonly Verb Remove = Local("CONTEXT [CONTEXT...]", "Remove one or more contexts", Arity.Some, [ForceRemove], static (call, _) =>
    {
        ContextStore store = Store(call);
        string current = CurrentContext.NameOf(call.Options, call.Terminal);
        List<string> failures = [];
        foreach (string name in call.Arguments)
        {
            bool force = call.Get(ForceRemove);
            string? complaint = name == ContextStore.Default ? "context \"default\" cannot be removed"
                : !store.Exists(name) && !force ? $"context \"{name}\" does not exist"
                : name == current && !force ? $"context \"{name}\" is in use, set -f flag to force remove" : null;
            if (complaint is not null)
            {
                failures.Add(complaint);
                continue;
            }

            store.Remove(name);
            if (name == store.ReadCurrent())
            {
                store.WriteCurrent(ContextStore.Default);
            }

            call.Out.WriteLine(name);
        }

        return failures.Count == 0 ? Task.FromResult(0) : throw new CliException(string.Join('\n', failures));
    });

    public static readonly Verb Inspect = Local("[OPTIONS] [CONTEXT] [CONTEXT...]", "Display detailed information on one or more contexts", Arity.Any, [CommonFlags.InspectFormat], static (call, cancellation) =>
    {
        string[] names = call.Arguments.Length > 0 ? call.Arguments : [CurrentContext.NameOf(call.Options, call.Terminal)];
        return InspectPrinter.RunAsync(call, names, call.Get(CommonFlags.InspectFormat), (name, _) => Task.FromResult(Describe(call, name)), cancellation);
    });

    public static readonly Verb Export = Local("[OPTIONS] CONTEXT [FILE|-]", "Export a context to a tar archive FILE or a tar stream on STDOUT.", new Arity(1, 2), [], static async (call, cancellation) =>
    {
        string name = call.Arguments[0];
        string file = call.Arguments.Length > 1 ? call.Arguments[1] : $"{name}.dockercontext";
        StoredContext context = Find(call, name);
        if (file == "-")
        {
            if (call.Terminal.IsInteractive)
            {
                throw new CliException("cowardly refusing to export to a terminal, please specify a file path");
            }

            using MemoryStream bytes = new();
            await ContextStore.ExportAsync(context, bytes, cancellation);
            await using Stream output = call.Terminal.OpenOutput();
            await output.WriteAsync(bytes.ToArray(), cancellation);
            return 0;
        }

        string path = Path.GetFullPath(file, call.Terminal.CurrentDirectory);
        if (File.Exists(path))
        {
            throw new CliException($"open {file}: file exists");
        }

        await using (FileStream target = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            await ContextStore.ExportAsync(context, target, cancellation);
        }

        call.Err.WriteLine($"Written file \"{file}\"");
        return 0;
    });

    public static readonly Verb Import = Local("CONTEXT FILE|-", "Import a context from a tar or zip file", Arity.Exactly(2), [], static async (call, cancellation) =>
    {
        string name = call.Arguments[0];
        ContextStore.CheckName(name);
        if (Store(call).Exists(name))
        {
            throw new CliException($"context \"{name}\" already exists");
        }

        string file = call.Arguments[1];
        string path = Path.GetFullPath(file, call.Terminal.CurrentDirectory);
        if (file != "-" && !File.Exists(path))
        {
            throw new CliException($"open {file}: no such file or directory");
        }

        await using Stream source = file == "-" ? call.Terminal.OpenInput() : File.OpenRead(path);
        Store(call).Write(await ContextStore.ImportAsync(name, source, cancellation));
        return await Say(call, name, $"Successfully imported context \"{name}\"");
    });

    private static readonly Columns Columns = Columns.Of(
        "{{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}",
        ("Name", "NAME"), ("Description", "DESCRIPTION"), ("DockerEndpoint", "DOCKER ENDPOINT"), ("Error", "ERROR"), ("Current", ""));

    private static Task<int> Print(Invocation call)
    {
        string current = CurrentContext.NameOf(call.Options, call.Terminal);
        List<Row> rows = [.. Store(call).All().Append(Find(call, ContextStore.Default)).OrderBy(static context => context.Name, Comparer<string>.Create(HumanFormat.CompareNatural)).Select(context => ToRow(context, current, ""))];
        if (!rows.Exists(row => (string?)row["Name"] == current))
        {
            string failure = "";
            try
            {
                Store(call).Find(current);
            }
            catch (CliException missing)
            {
                failure = missing.Message;
            }

            rows.Add(ToRow(new StoredContext(current, "", "", false, StoredContext.NoTls), current, failure));
        }

        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(OnlyNames) ? "Name" : null, Columns, rows);
        return Task.FromResult(0);
    }

    private static Row ToRow(StoredContext context, string current, string failure) => new()
    {
        ["Name"] = context.Name,
        ["Description"] = HumanFormat.Shortened(context.Description, 60),
        ["DockerEndpoint"] = context.Host,
        ["Error"] = HumanFormat.Shortened(failure, 45),
        ["Current"] = context.Name == current,
    };

    private static Verb Local(string usage, string summary, Arity arity, Flag[] flags, VerbAction run) => new(usage, summary, arity, flags, run) { AsksDaemon = false };

    private static ContextStore Store(Invocation call) => new(DockerConfig.Of(call.Terminal));

    private static StoredContext Find(Invocation call, string name) => name == ContextStore.Default
        ? new StoredContext(name, OfDefault, call.Options.Host ?? CurrentContext.Named(call.Terminal) ?? EngineHost.Default, false, StoredContext.NoTls)
        : Store(call).Find(name);

    private static Task<int> Say(Invocation call, string name, string remark)
    {
        call.Out.WriteLine(name);
        call.Out.Flush();
        call.Err.WriteLine(remark);
        return Task.FromResult(0);
    }

    /// <summary>The flags over what is there.</summary>
    private static StoredContext Apply(Invocation call, StoredContext context, string verb)
    {
        if (call.Given(Description))
        {
            context = context with { Description = call.Get(Description) };
        }

        if (!call.Given(Endpoint))
        {
            return context;
        }

        try
        {
            return WithEndpoint(call, context);
        }
        catch (CliException failure)
        {
            throw new CliException($"unable to {verb} docker endpoint config: {failure.Message}");
        }
    }

    private static StoredContext WithEndpoint(Invocation call, StoredContext context)
    {
        string host = "";
        bool skip = false;
        Dictionary<string, byte[]> tls = [];
        // Several may stand in one flag.
        foreach ((string key, string value) in call.All(Endpoint).SelectMany(static pair => GoValues.Csv($"{pair.Key}={pair.Value}")).Select(GoValues.Pair))
        {
            switch (key)
            {
                case "host":
                    host = value;
                    break;
                case "skip-tls-verify":
                    skip = GoValues.Bool(value);
                    break;
                case "ca" or "cert" or "key":
                    tls[$"{key}.pem"] = ReadPem(call, key, value);
                    break;
                case "from":
                    StoredContext other = Find(call, value);
                    (host, skip) = (other.Host, other.SkipVerify);
                    tls = new(other.Tls);
                    break;
                default:
                    throw new CliException($"unrecognized config key: {key}");
            }
        }

        try
        {
            _ = EngineHost.Parse(host);
        }
        catch (CliException failure) when (host.Length > 0)
        {
            throw new CliException($"unable to apply docker endpoint options: {failure.Message}");
        }

        return context with { Host = host.Length > 0 ? host : EngineHost.Default, SkipVerify = skip, Tls = tls };
    }

    private static byte[] ReadPem(Invocation call, string key, string file)
    {
        string path = Path.GetFullPath(file, call.Terminal.CurrentDirectory);
        if (!File.Exists(path))
        {
            throw new CliException($"open {file}: no such file or directory");
        }

        byte[] bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0 ? bytes : throw new CliException($"invalid docker endpoint options: failed to retrieve context tls info: {key}.pem seems invalid");
    }

    private static JsonElement Describe(Invocation call, string name)
    {
        StoredContext context = Find(call, name);
        bool isStored = name != ContextStore.Default;
        JsonObject tls = [];
        if (context.Tls.Count > 0)
        {
            tls["docker"] = new JsonArray([.. context.Tls.Keys.Order(StringComparer.Ordinal).Select(static file => (JsonNode)file)]);
        }

        JsonObject described = new()
        {
            ["Name"] = context.Name,
            ["Metadata"] = isStored ? ContextStore.Metadata(context) : [],
            ["Endpoints"] = ContextStore.Endpoints(context),
            ["TLSMaterial"] = tls,
            ["Storage"] = new JsonObject { ["MetadataPath"] = isStored ? Store(call).MetaFolder(name) : InMemory, ["TLSPath"] = isStored ? Store(call).TlsFolder(name) : InMemory },
        };
        using JsonDocument document = JsonDocument.Parse(described.ToJsonString());
        return document.RootElement.Clone();
    }
}
