using Skep.Cli.Parsing;
using Skep.Compose;

namespace Skep.Cli.Stacks;

/// <summary>Reads the files named with <c>-c</c>.</summary>
internal static class ComposeFiles
{
    public static readonly ListFlag<string> Files = Flag.List("compose-file", "Path to a Compose file, or \"-\" to read from stdin", 'c', "strings");

    public static ComposeProject Load(Invocation call, ComposeLoadOptions options)
    {
        List<ComposeSource> sources = [];
        string? folder = null;
        foreach (string name in call.All(Files).SelectMany(static names => names.Split(',')))
        {
            string path = Path.GetFullPath(name, call.Terminal.CurrentDirectory);
            folder ??= name == "-" ? call.Terminal.CurrentDirectory : Path.GetDirectoryName(path) ?? "/";
            sources.Add(new ComposeSource(name, name == "-" ? ReadAll(call.Terminal.OpenInput()) : Read(name, path), folder));
        }

        return ComposeLoader.Load(sources, call.Terminal.Environment, options);
    }

    private static string ReadAll(Stream stream)
    {
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    private static string Read(string name, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException($"open {name}: no such file or directory");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"open {name}: {failure.Message}");
        }
    }
}
