namespace Skep.Cli.Tests;

/// <summary>Words that may follow, the last of which is being typed.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("service|", "ls")]
    [InlineData("service|ls|--f", "--format")]
    [InlineData("service|rm|", "web")]
    [InlineData("service|logs|w", "web")]
    [InlineData("stack|rm|", "stk")]
    [InlineData("node|inspect|", "self")]
    [InlineData("network|rm|", "net")]
    [InlineData("network|connect|", "net")]
    [InlineData("service|create|--network|", "net")]
    [InlineData("secret|rm|", "s")]
    [InlineData("container|", "attach")]
    [InlineData("-D|service|rm|", "web")]
    [InlineData("contain", "container")]
    public async Task A_word_is_offered(string words, string offered)
    {
        await using FakeEngine engine = new(SampleCluster.Answer);
        CliRun run = await CliRun.Of(engine.Host, ["__complete", .. words.Split('|')]);
        Assert.Equal((0, ""), (run.ExitCode, run.Err));
        Assert.Contains(offered, run.Out.Split('\n'));
    }

    [Fact]
    public async Task Without_a_daemon_nothing_is_said()
    {
        CliRun run = await CliRun.Of("unix:///nonexistent", ["__complete", "service", "rm", ""]);
        Assert.Equal((0, "", ""), (run.ExitCode, run.Out, run.Err));
    }

    /// <summary>Lists and inspections can be read by programs: one that cannot is a verb that was forgotten.</summary>
    [Fact]
    public void Every_verb_that_lists_or_inspects_takes_a_format()
    {
        string[] without = [.. VerbTable.All.Where(static verb => verb.Words.Split(' ')[^1] is "ls" or "ps" or "inspect" or "services" or "df" or "stats" or "info" or "version" or "events" or "history" or "doctor" or "search")
            .Where(static verb => !Array.Exists(verb.Make().Flags, static flag => flag.Name == "format")).Select(static verb => verb.Words)];
        Assert.True(without.Length == 0, $"no --format: {string.Join(", ", without)}");
    }

    [Fact]
    public void No_verb_has_two_flags_of_one_name_or_letter()
    {
        foreach ((string words, Func<Parsing.Verb> make) in VerbTable.All)
        {
            Parsing.Verb verb = make();
            Assert.True(verb.Flags.Select(static flag => flag.Name).Distinct().Count() == verb.Flags.Length, words);
            Assert.True(verb.Flags.Where(static flag => flag.Letter is not null).GroupBy(static flag => flag.Letter).All(static group => group.Count() == 1), words);
        }
    }

    [Theory]
    [InlineData("service ls", "ID")]
    [InlineData("node ls", "ID")]
    [InlineData("stack ls", "Name")]
    [InlineData("network ls", "Name")]
    [InlineData("secret ls", "Name")]
    [InlineData("config ls", "Name")]
    [InlineData("service ps web", "ID")]
    [InlineData("node ps", "ID")]
    [InlineData("stack ps stk", "ID")]
    [InlineData("stack services stk", "ID")]
    public async Task A_list_as_json_is_one_object_a_line(string command, string field)
    {
        await using FakeEngine engine = new(SampleCluster.Answer);
        CliRun run = await CliRun.Of(engine.Host, [.. command.Split(' '), "--format", "json"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Err));
        foreach (string line in run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(System.Text.Json.JsonDocument.Parse(line).RootElement.TryGetProperty(field, out _), line);
        }
    }
}
