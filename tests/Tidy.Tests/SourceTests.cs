using System.Text.RegularExpressions;

namespace Skep.Tidy.Tests;

/// <summary>What the compiler cannot see: clocks, chance, sleeps, swallowed errors and drawers of helpers.</summary>
public sealed class SourceTests
{
    [Fact]
    public void Clocks_chance_and_ids_are_handed_in() =>
        // Host wires the real ones; the token maker and the secure id source are where chance comes from.
        AssertNowhere("src", @"DateTime(Offset)?\.(Utc)?Now\b|Random\.Shared|Guid\.NewGuid", except: ["src/Host/Program.cs"]);

    [Fact]
    public void Tests_do_not_sleep() => AssertNowhere("tests", @"Thread\.Sleep|Task\.Delay", except: ["tests/Chaos/", "tests/Tidy.Tests/"]);

    [Fact]
    public void No_error_is_swallowed() => AssertNowhere("src", @"catch\s*(\([^)]*\))?\s*\{\s*\}", except: []);

    [Fact]
    public void No_file_is_a_drawer_of_helpers()
    {
        string[] drawers = [.. new[] { "src", "tests" }.SelectMany(f => SourceTree.Files(f)).Where(f => Regex.IsMatch(Path.GetFileName(f), "(Utils?|Helpers?)\\.cs$")).Select(SourceTree.Relative)];
        Assert.Empty(drawers);
    }

    [Fact]
    public void Every_log_event_has_its_own_id_and_a_caller()
    {
        string[] sources = [.. SourceTree.Files("src").Select(File.ReadAllText)];
        string all = string.Concat(sources);
        var events = sources.SelectMany(s => Regex.Matches(s, @"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)[^\]]*\]\s*(?:public|internal)\s+static\s+partial\s+void\s+(\w+)").Select(m => (Id: m.Groups[1].Value, Name: m.Groups[2].Value))).ToArray();
        Assert.NotEmpty(events);
        Assert.Empty(events.GroupBy(e => e.Id).Where(g => g.Count() > 1).Select(g => $"{g.Key}: {string.Join(", ", g.Select(e => e.Name))}"));
        Assert.Empty(events.Where(e => Regex.Count(all, $@"\b{e.Name}\(") < 2).Select(e => e.Name));
    }

    private static void AssertNowhere(string folder, string pattern, string[] except)
    {
        string[] places = [.. SourceTree.Files(folder)
            .Where(f => !except.Any(e => SourceTree.Relative(f).StartsWith(e, StringComparison.Ordinal)))
            .SelectMany(f => File.ReadLines(f).Select((line, i) => (line, i)).Where(l => !l.line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Regex.IsMatch(l.line, pattern))
                .Select(l => $"{SourceTree.Relative(f)}:{l.i + 1}: {l.line.Trim()}"))];
        Assert.Empty(places);
    }
}
