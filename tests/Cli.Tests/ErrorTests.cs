namespace Skep.Cli.Tests;

public sealed class ErrorTests
{
    [Fact]
    public async Task Errors_of_the_daemon_are_told_in_its_words()
    {
        await using FakeEngine engine = new(_ => new FakeAnswer(503, """{"message":"This node is not a swarm manager."}"""));
        CliRun run = await CliRun.Of(engine.Host, ["node", "ls"]);
        Assert.Equal((1, "Error response from daemon: This node is not a swarm manager.\n"), (run.ExitCode, run.Err));
    }

    [Fact]
    public async Task A_daemon_that_is_away_is_named_with_what_to_do()
    {
        CliRun run = await CliRun.Of("unix:///nonexistent/s", ["service", "ls"]);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("Cannot connect to the Skep daemon at unix:///nonexistent/s (SKEP_HOST). Is skepd running?", run.Err, StringComparison.Ordinal);
        Assert.Single(run.Err.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("service ls --what", 125, "unknown flag: --what")]
    [InlineData("--what service ls", 125, "unknown flag: --what")]
    [InlineData("service rm", 1, "skep: 'skep service rm' requires at least 1 argument")]
    [InlineData("node ls x", 1, "skep: 'skep node ls' accepts no arguments")]
    [InlineData("nothing", 1, "skep: unknown command: skep nothing")]
    [InlineData("service nothing", 1, "skep: unknown command: skep service nothing")]
    public async Task Words_that_make_no_sense_end_with_docker_s_codes(string command, int code, string first)
    {
        CliRun run = await CliRun.Of("unix:///nonexistent/s", command.Split(' '));
        Assert.Equal((code, first), (run.ExitCode, run.Err.Split('\n')[0]));
    }

    [Theory]
    [InlineData("servce ls", 1, "skep: unknown command: skep servce; did you mean \"service\"?")]
    [InlineData("service lss", 1, "skep: unknown command: skep service lss; did you mean \"ls\"?")]
    [InlineData("service up", 1, "skep: unknown command: skep service up; did you mean \"update\"?")]
    [InlineData("container insepct x", 1, "skep: unknown command: skep container insepct; did you mean \"inspect\"?")]
    [InlineData("imgaes", 1, "skep: unknown command: skep imgaes; did you mean \"images\"?")]
    [InlineData("dashboard srve", 1, "skep: unknown command: skep dashboard srve; did you mean \"serve\"?")]
    [InlineData("help servce", 1, "skep: unknown command: skep servce; did you mean \"service\"?")]
    [InlineData("help service lss", 1, "skep: unknown command: skep service lss; did you mean \"ls\"?")]
    [InlineData("help service ls more", 1, "skep: unknown command: skep service ls more")]
    [InlineData("help zebra", 1, "skep: unknown command: skep zebra")]
    [InlineData("service ls --fromat x", 125, "unknown flag: --fromat; did you mean \"--format\"?")]
    [InlineData("service ls --fromat=x", 125, "unknown flag: --fromat; did you mean \"--format\"?")]
    [InlineData("service ls --hlep", 125, "unknown flag: --hlep; did you mean \"--help\"?")]
    [InlineData("run --nmae x busybox", 125, "unknown flag: --nmae; did you mean \"--name\"?")]
    [InlineData("--hots x service ls", 125, "unknown flag: --hots; did you mean \"--host\"?")]
    public async Task A_word_that_is_nearly_one_is_told_which(string command, int code, string first)
    {
        CliRun run = await CliRun.Of("unix:///nonexistent/s", command.Split(' '));
        Assert.Equal((code, "", first), (run.ExitCode, run.Out, run.Err.Split('\n')[0]));
    }

    [Theory]
    [InlineData("help", "Usage:  skep [OPTIONS] COMMAND")]
    [InlineData("help service", "Usage:  skep service COMMAND")]
    [InlineData("help service ls", "Usage:  skep service ls [OPTIONS]")]
    [InlineData("help images", "Usage:  skep images [OPTIONS]")]
    [InlineData("help service --help", "Usage:  skep service COMMAND")]
    public async Task Help_is_told_of_what_there_is(string command, string usage)
    {
        CliRun run = await CliRun.Of("unix:///nonexistent/s", command.Split(' '));
        Assert.Equal((0, ""), (run.ExitCode, run.Err));
        Assert.StartsWith(usage, run.Out.TrimStart(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_in_a_compose_file_is_told_with_file_and_line()
    {
        string folder = Directory.CreateTempSubdirectory("skt-cli-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "c.yml"), "services:\n  web:\n    image: nginx\n    what: 1\n");
        CliRun run = await CliRun.Of("unix:///nonexistent/s", ["stack", "deploy", "-c", "c.yml", "x"], folder: folder);
        Directory.Delete(folder, recursive: true);
        Assert.Equal((1, "c.yml:4: services.web Additional property what is not allowed\n"), (run.ExitCode, run.Err));
    }

    [Fact]
    public async Task Inspect_prints_what_there_is_and_tells_what_is_not()
    {
        await using FakeEngine engine = new(request => request.Path.EndsWith("/gone", StringComparison.Ordinal)
            ? new FakeAnswer(404, """{"message":"service gone not found"}""")
            : SampleCluster.Answer(request));
        CliRun run = await CliRun.Of(engine.Host, ["service", "inspect", "-f", "{{.Spec.Name}}", "web", "gone"]);
        Assert.Equal((1, "web\n", "Error: no such service: gone\n"), (run.ExitCode, run.Out, run.Err));
    }

    [Fact]
    public async Task Scaling_waits_until_the_tasks_have_been_stable()
    {
        int asked = 0;
        await using FakeEngine engine = new(request => request.Path == "/tasks" && ++asked == 1 ? new FakeAnswer(200, "[]") : SampleCluster.Answer(request));
        CliRun run = await CliRun.Of(engine.Host, ["service", "scale", "web=1"], time: new SteppingTime(CliRun.Now));
        Assert.Equal(
            """
            web scaled to 1
            overall progress: 0 out of 1 tasks
            overall progress: 1 out of 1 tasks
            verify: Waiting 5 seconds to verify that tasks are stable...
            verify: Service web converged

            """, run.Out);
    }

    [Fact]
    public async Task A_paused_update_is_a_failure()
    {
        await using FakeEngine engine = new(request => request is { Method: "GET", Path: "/services/web" }
            ? SampleCluster.Answer(request)! with { Body = SampleCluster.Answer(request)!.Body.Replace("\"Endpoint\"", "\"UpdateStatus\":{\"State\":\"paused\",\"Message\":\"it failed\"},\"Endpoint\"", StringComparison.Ordinal) }
            : SampleCluster.Answer(request));
        CliRun run = await CliRun.Of(engine.Host, ["service", "update", "--force", "web"], time: new SteppingTime(CliRun.Now));
        Assert.Equal((1, "service update paused: it failed\n"), (run.ExitCode, run.Err));
    }
}
