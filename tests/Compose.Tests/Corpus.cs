using System.Collections;
using System.Text.RegularExpressions;
using Skep.Testing;

namespace Skep.Compose.Tests;

/// <summary>Compose files with what Docker's CLI 28.2.2 makes of them, beside the repository in <c>shared/data/compose</c>.</summary>
internal static partial class Corpus
{
    private const string Home = "/home/tester";

    public static string? Folder { get; } = SharedData.Folder is { } data ? Path.Combine(data, "compose") : null;

    /// <summary>Names of the cases that have a file <c>NAME.ending</c>.</summary>
    public static IEnumerable<string> With(string ending) => Directory
        .EnumerateFiles(Folder!, $"*{ending}")
        .Select(file => Path.GetFileName(file)[..^ending.Length])
        .Order(StringComparer.Ordinal);

    public static ComposeProject Load(string name)
    {
        string[] options = File.Exists(PathOf(name, ".opts")) ? File.ReadAllLines(PathOf(name, ".opts")) : [];
        List<string> files = [$"{name}.yml"];
        for (int i = 2; File.Exists(PathOf(name, $".{i}.yml")); i++)
        {
            files.Add($"{name}.{i}.yml");
        }

        return ComposeLoader.Load(
            [.. files.Select((file, i) => new ComposeSource(
                i == 0 && options.Contains("stdin") ? "-" : file, File.ReadAllText(Path.Combine(Folder!, file)), Folder!))],
            EnvironmentOf(name),
            new ComposeLoadOptions { SkipInterpolation = options.Contains("--skip-interpolation") });
    }

    public static string Golden(string name, string ending) => File.ReadAllText(PathOf(name, ending));

    /// <summary>The texts that Docker may print, where it is not sure which.</summary>
    public static string[] Choices(string golden) => [.. golden.Split("---OR---").Select(text => text.Trim())];

    /// <summary>The lines that Docker may print before it talks to the engine.</summary>
    public static string[] Remarks(string name) => File.Exists(PathOf(name, ".golden.warn")) ? File.ReadAllLines(PathOf(name, ".golden.warn")) : [];

    /// <summary>With the names that goldens have for the corpus' folder and its parent.</summary>
    public static string Neutral(string text) => text
        .Replace(Folder!, "/CORPUS", StringComparison.Ordinal)
        .Replace(Path.GetDirectoryName(Folder) + "/", "/PARENT/", StringComparison.Ordinal);

    private static Dictionary<string, string> EnvironmentOf(string name)
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["HOME"] = Home, ["PATH"] = "/usr/bin" };
        foreach (string line in File.Exists(PathOf(name, ".env")) ? File.ReadAllLines(PathOf(name, ".env")) : [])
        {
            if (Assignment().Match(line) is { Success: true } match)
            {
                environment[match.Groups[1].Value] = match.Groups[2].Value;
            }
        }

        return environment;
    }

    private static string PathOf(string name, string ending) => Path.Combine(Folder!, name + ending);

    [GeneratedRegex("^([^=]+)=(.*)$")]
    private static partial Regex Assignment();
}

/// <summary>One test for each case; skipped as a whole where there is no corpus.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CorpusTheoryAttribute : TheoryAttribute
{
    public CorpusTheoryAttribute()
    {
        if (Corpus.Folder is null)
        {
            Skip = "shared/data/compose is not beside the repository";
        }
    }
}

/// <summary>All cases with a golden of one kind.</summary>
public class CorpusCases(string ending) : IEnumerable<object[]>
{
    public IEnumerator<object[]> GetEnumerator() => Corpus.With(ending).Select(name => new object[] { name }).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
