using System.Text.Json.Nodes;

namespace Skep.Cli.Tests;

public sealed class StackDeployTests
{
    private const string SkepInfo = """{"Name":"n1","Swarm":{"NodeID":"node1node1node1node1node1","LocalNodeState":"active","ControlAvailable":true},"ChecksStacks":true}""";

    private const string TwoServices = """
        services:
          api: { image: api }
          web: { image: web, ports: ["80:80"], secrets: [key] }
        secrets:
          key: { external: true, name: s }
        """;

    [Fact]
    public async Task A_docker_engine_gets_no_check()
    {
        await using FakeEngine engine = new(SampleCluster.Answer);
        CliRun run = await DeployAsync(engine, TwoServices);
        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain(engine.Requests, request => request.Path.StartsWith("/stacks", StringComparison.Ordinal));
        Assert.Contains(engine.Requests, request => request.ToString() == "POST /services/create");
    }

    [Fact]
    public async Task An_engine_that_can_tell_is_asked_before_anything_is_made()
    {
        await using FakeEngine engine = new(request => request.Path == "/info" ? new FakeAnswer(200, SkepInfo) : SampleCluster.Answer(request));
        CliRun run = await DeployAsync(engine, TwoServices, "--prune");
        Assert.Equal(0, run.ExitCode);
        SeenRequest check = engine.Requests.First(request => request.Method is "POST" or "DELETE");
        Assert.Equal("POST /stacks/app/check", check.ToString());
        JsonNode body = JsonNode.Parse(check.Body)!;
        Assert.True((bool)body["Prune"]!);
        Assert.Equal(["app_default"], body["Networks"]!.AsArray().Select(network => (string)network!["Name"]!));
        Assert.Equal(["app_api", "app_web"], body["Services"]!.AsArray().Select(service => (string)service!["Name"]!));
        Assert.Equal("s", (string)body["Services"]![1]!["TaskTemplate"]!["ContainerSpec"]!["Secrets"]![0]!["SecretName"]!);
        Assert.Contains(engine.Requests, request => request.Method == "DELETE");
    }

    [Fact]
    public async Task What_the_check_refuses_is_told_and_nothing_is_made()
    {
        const string Reason = "failed to create service app_web: port '80' is already in use by service 'x' (1) as an ingress port";
        await using FakeEngine engine = new(request => request.Path switch
        {
            "/info" => new FakeAnswer(200, SkepInfo),
            "/stacks/app/check" => new FakeAnswer(400, $$"""{"message":"{{Reason}}"}"""),
            _ => SampleCluster.Answer(request),
        });
        CliRun run = await DeployAsync(engine, TwoServices, "--prune");
        Assert.Equal((1, "", $"Error response from daemon: {Reason}\n"), (run.ExitCode, run.Out, run.Err));
        Assert.Equal(["POST /stacks/app/check"], engine.Requests.Where(request => request.Method is "POST" or "DELETE").Select(request => request.ToString()));
    }

    [Fact]
    public async Task Words_that_only_the_engine_judges_are_passed_on_as_written()
    {
        await using FakeEngine engine = new(SampleCluster.Answer);
        CliRun run = await DeployAsync(engine, """
            services:
              web:
                image: web
                ports:
                  - { target: 70000, published: 4294967295, protocol: QUIC, mode: sideways }
                deploy:
                  endpoint_mode: Random
                  restart_policy: { condition: sometimes, max_attempts: 2 }
                  update_config: { failure_action: explode }
                  rollback_config: { failure_action: Rollback }
            """);
        Assert.Equal(0, run.ExitCode);
        JsonNode body = JsonNode.Parse(engine.Requests.Single(request => request.ToString() == "POST /services/create").Body)!;
        Assert.Equal("""{"Mode":"random","Ports":[{"Protocol":"QUIC","TargetPort":70000,"PublishedPort":4294967295,"PublishMode":"sideways"}]}""", body["EndpointSpec"]!.ToJsonString());
        Assert.Equal("""{"Condition":"sometimes","MaxAttempts":2}""", body["TaskTemplate"]!["RestartPolicy"]!.ToJsonString());
        Assert.Equal("explode", (string)body["UpdateConfig"]!["FailureAction"]!);
        Assert.Equal("Rollback", (string)body["RollbackConfig"]!["FailureAction"]!);
    }

    private static async Task<CliRun> DeployAsync(FakeEngine engine, string file, params string[] flags)
    {
        string folder = Directory.CreateTempSubdirectory("skt-cli-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "c.yml"), file);
        CliRun run = await CliRun.Of(engine.Host, ["stack", "deploy", "-d", "--resolve-image", "never", .. flags, "-c", "c.yml", "app"], folder: folder);
        Directory.Delete(folder, recursive: true);
        return run;
    }
}
