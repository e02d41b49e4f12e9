using System.Text.RegularExpressions;

namespace Skep.Tidy.Tests;

/// <summary>Who may know whom: the table of the house style, held against the project files.</summary>
public sealed class RoomTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Model"] = [],
        ["Raft"] = [],
        ["Store"] = ["Model"],
        ["Scheduler"] = ["Model"],
        ["Rpc"] = ["Model"],
        ["Manager"] = ["Model", "Raft", "Store", "Scheduler", "Rpc"],
        ["Overlay"] = ["Model"],
        ["Engine"] = ["Model", "Rpc", "Overlay"],
        ["Worker"] = ["Model", "Rpc", "Overlay", "Engine"],
        ["Wire"] = ["Model"],
        ["Api"] = ["Model", "Wire", "Manager", "Engine"],
        ["Compose"] = ["Model"],
        ["Cli"] = ["Wire", "Compose"],
        ["Dashboard"] = [],
        ["Host"] = ["Model", "Raft", "Store", "Scheduler", "Rpc", "Manager", "Overlay", "Engine", "Worker", "Wire", "Api", "Compose", "Dashboard"],
    };

    [Fact]
    public void A_room_references_only_the_rooms_it_may_know()
    {
        string[] strangers = [.. SourceTree.Files("src", "*.csproj").SelectMany(file =>
        {
            string room = Path.GetFileNameWithoutExtension(file);
            Assert.True(Allowed.ContainsKey(room), $"room {room} is not in the table");
            return Regex.Matches(File.ReadAllText(file), "<ProjectReference Include=\"\\.\\./(\\w+)/").Select(m => m.Groups[1].Value)
                .Where(other => !Allowed[room].Contains(other)).Select(other => $"{room} -> {other}");
        })];
        Assert.Empty(strangers);
    }

    [Fact]
    public void Every_room_explains_itself()
    {
        string[] silent = [.. Directory.GetDirectories(Path.Combine(SourceTree.Root, "src")).Where(room => !File.Exists(Path.Combine(room, "README.md"))).Select(SourceTree.Relative)];
        Assert.Empty(silent);
    }

    /// <summary>bench/ measures RaftNode beside it; see docs/adr/0002.</summary>
    [Fact]
    public void No_room_is_built_on_the_package_we_compare_with() =>
        Assert.Empty(SourceTree.Files("src", "*.csproj").Where(f => File.ReadAllText(f).Contains("DotNext", StringComparison.Ordinal)).Select(SourceTree.Relative));

    [Fact]
    public void The_page_on_architecture_names_what_is_there()
    {
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "architecture.md"));
        string[] missing = [.. Regex.Matches(page, "`((\\w+)/[\\w/]+)`").Where(m => Allowed.ContainsKey(m.Groups[2].Value)).Select(m => m.Groups[1].Value).Distinct()
            .Where(name => Path.Combine(SourceTree.Root, "src", name) is var path && !Directory.Exists(path) && !File.Exists($"{path}.cs"))];
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = File.ReadAllText(Path.Combine(SourceTree.Root, "Orchestrator.sln"));
        string[] missing = [.. new[] { "src", "tests", "bench" }.SelectMany(f => SourceTree.Files(f, "*.csproj")).Select(Path.GetFileName).OfType<string>()
            .Where(name => !solution.Contains($"\\{name}", StringComparison.Ordinal))];
        Assert.Empty(missing);
    }
}
