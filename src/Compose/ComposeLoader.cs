namespace Skep.Compose;

/// <summary>Reads compose files the way <c>docker stack config</c> does.</summary>
/// <remarks>Source: docker/cli:cli/compose/loader/loader.go, version 28.2.2. Where Docker takes any of several mistakes, this
/// takes the first in the file.</remarks>
public static class ComposeLoader
{
    /// <summary>Parses, checks and merges <paramref name="sources"/>, later ones over earlier ones.</summary>
    /// <param name="environment">The only source of variables, <c>HOME</c> included; no <c>.env</c> file is read.</param>
    /// <exception cref="ComposeException">A file is no compose file, or breaks the schema of its version.</exception>
    public static ComposeProject Load(
        IReadOnlyList<ComposeSource> sources, IReadOnlyDictionary<string, string> environment, ComposeLoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        if (sources.Count == 0)
        {
            throw new ComposeException("Specify a Compose file (with --compose-file)");
        }

        List<ComposeValue.Mapping> files = [.. sources.Select(static source => YamlReader.Read(source.Name, source.Text))];
        LoadContext context = new(sources[0].WorkingDirectory, VersionOf(files[0]), environment, options.ReadFile, []);
        ComposeProject? project = null;
        foreach (ComposeValue.Mapping file in files)
        {
            ComposeProject next = LoadOne(file, context, options);
            project = project is null ? next : ProjectMerge.Join(project, next);
        }

        return project! with
        {
            LoaderWarnings = context.Warnings,
            Warnings =
            [
                .. context.Warnings.Select(static warning => $"level=warning msg={GoText.Quote(warning)}"),
                .. PropertyWarnings.Lines(files),
            ],
        };
    }

    private static ComposeProject LoadOne(ComposeValue.Mapping file, LoadContext context, ComposeLoadOptions options)
    {
        string version = VersionOf(file);
        if (version != context.Version)
        {
            throw new ComposeException($"version mismatched between two composefiles : {context.Version} and {version}", (file["version"] ?? file).Where);
        }

        PropertyWarnings.RefuseForbidden(file);
        if (!options.SkipInterpolation)
        {
            file = Interpolation.Apply(file, context.Environment);
        }

        SchemaCheck.Run(file, context.Version);
        ServiceReader services = new(context);
        SortedDictionary<string, ComposeService> byName = Maps.New<ComposeService>();
        foreach ((string name, ComposeValue value) in ValueDecoder.Entries(file["services"]))
        {
            byName[name] = services.Read(name, (ComposeValue.Mapping)value);
        }

        ResourceReader resources = new(context);
        return new ComposeProject
        {
            Version = VersionOf(file),
            Services = byName,
            Networks = resources.Networks(file["networks"]),
            Volumes = resources.Volumes(file["volumes"]),
            Secrets = resources.FileObjects(file["secrets"], "secret"),
            Configs = resources.FileObjects(file["configs"], "config"),
            Extensions = ValueDecoder.Extensions(file),
        };
    }

    private static string VersionOf(ComposeValue.Mapping file) =>
        file["version"] is not { } given || GoText.Of(given) is not { } text || text is "" or "3" ? ComposeSchema.NewestVersion : text;
}
