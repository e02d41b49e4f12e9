namespace Skep.Raft.Tests.Scenarios;

/// <summary>Each <c>*.txt</c> beside this file is one story of a group. UPDATE_SCENARIOS=1 rewrites them; review the difference.</summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Stories => [.. Directory.GetFiles(Folder(), "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Stories))]
    public void The_story_goes_as_written(string story)
    {
        string path = Path.Combine(Folder(), story + ".txt");
        string expected = File.ReadAllText(path);
        ScenarioGroup group = new();
        string actual = ScenarioFile.Rewrite(expected, group.Run);
        if (Environment.GetEnvironmentVariable("UPDATE_SCENARIOS") == "1")
        {
            File.WriteAllText(path, actual);
        }
        else
        {
            Assert.Equal(expected, actual);
        }
    }

    private static string Folder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Orchestrator.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new DirectoryNotFoundException("no Orchestrator.sln above the tests"), "tests", "Raft.Tests", "Scenarios");
    }
}
