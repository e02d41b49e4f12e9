using System.Diagnostics;

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

    /// <summary>Names come from other machines; a node once called itself by a command, and whoever pressed TAB ran it.</summary>
    [Fact]
    public async Task Pressing_tab_in_bash_runs_nothing()
    {
        string folder = Directory.CreateTempSubdirectory("skep-completion").FullName;
        try
        {
            CliRun script = await CliRun.Of("unix:///nonexistent", ["completion", "bash"]);
            string victim = Path.Combine(folder, "ran");
            string asks = $$"""
                skep() { printf '%s\n' '$(touch {{victim}})' n1 n2; }
                {{script.Out}}
                COMP_WORDS=(skep node inspect ''); COMP_CWORD=3
                _skep
                printf '%s|' "${COMPREPLY[@]}"
                """;
            using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", asks]) { RedirectStandardOutput = true })!;
            string offered = await bash.StandardOutput.ReadToEndAsync();
            await bash.WaitForExitAsync();

            Assert.False(File.Exists(victim));
            Assert.EndsWith("n1|n2|", offered, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("node|inspect|", "$(reboot)")]
    [InlineData("node|inspect|", "a;b")]
    public async Task Words_that_mean_something_to_a_shell_are_not_offered(string words, string hostname)
    {
        await using FakeEngine engine = new(request => request.Path.EndsWith("/nodes", StringComparison.Ordinal)
            ? new FakeAnswer(200, """[{"ID":"other","Description":{"Hostname":"HOST"}},{"ID":"one","Description":{"Hostname":"n1"}}]""".Replace("HOST", hostname, StringComparison.Ordinal))
            : SampleCluster.Answer(request));
        CliRun run = await CliRun.Of(engine.Host, ["__complete", .. words.Split('|')]);
        Assert.Contains("n1", run.Out.Split('\n'));
        Assert.DoesNotContain(hostname, run.Out, StringComparison.Ordinal);
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
