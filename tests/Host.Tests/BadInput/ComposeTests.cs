using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.BadInput;

/// <summary>Stacks: good ones run, bad ones are refused with file and line.</summary>
public sealed class ComposeTests : ClusterFacts
{
    [Fact]
    public Task A_stack_runs_and_goes() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string stack = NewName("stk");
        string file = await WriteAsync($$"""
            services:
              web:
                image: probe:latest
                ports: ["{{port}}:80"]
                configs: [greeting]
                deploy: { replicas: 2 }
              api:
                image: probe:latest
            configs:
              greeting: { file: ./greeting.txt }
            """);
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(file)!, "greeting.txt"), "hello world");
        (await Cluster.SkepAsync(1, "stack", "deploy", "--detach", "-c", file, stack)).Succeeded();
        RemoveAtEnd("stack", stack);
        await UntilRunningAsync($"{stack}_web", 2);
        Assert.Contains($"{TestCluster.ClientAddress}", await AskAsync(1, port, "/who"));
        Assert.EndsWith(TestCluster.ClientAddress, await AskAsync(1, port, "/who"));
        Assert.EndsWith("hello world", await AskAsync(1, port, "/file/greeting"));
        (await Cluster.SkepAsync(1, "stack", "rm", stack)).Succeeded();
        await Eventually.TrueAsync(async () => (await DockerAsync("network", "ls", "-q", "--filter", $"name={stack}_")).Succeeded().Lines.Length == 0, Limit, () => "the stack's network to go");
    });

    [Fact]
    public Task Unknown_keys_are_refused_with_file_and_line() => OnClusterAsync(async () =>
    {
        string file = await WriteAsync("""
            services:
              web:
                image: probe:latest
                replicaz: 3
            """);
        CommandResult result = await Cluster.SkepAsync(1, "stack", "deploy", "-c", file, "bad");
        Assert.Equal(1, result.Code);
        Assert.Contains("replicaz", result.Error);
        Assert.Contains($"{file}:4", result.Error);
    });

    [Fact]
    public Task A_variable_that_must_be_set_is_named() => OnClusterAsync(async () =>
    {
        string file = await WriteAsync("""
            services:
              web:
                image: probe:${SKT_NO_SUCH_VARIABLE:?say which version}
            """);
        CommandResult result = await Cluster.SkepAsync(1, "stack", "deploy", "-c", file, "bad");
        Assert.Equal(1, result.Code);
        Assert.Contains("SKT_NO_SUCH_VARIABLE", result.Error);
        Assert.Contains("say which version", result.Error);
    });

    [Fact]
    public Task A_file_that_is_not_there_is_named() => OnClusterAsync(async () =>
    {
        CommandResult result = await Cluster.SkepAsync(1, "stack", "deploy", "-c", "/nonexistent/compose.yml", "bad");
        Assert.Equal(1, result.Code);
        Assert.Contains("/nonexistent/compose.yml", result.Error);
    });

    [Fact]
    public Task A_stack_whose_second_service_wants_a_taken_port_makes_nothing() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string holder = await ServiceAsync("holder", "--publish", $"{port}:80");
        string stack = NewName("stk");
        RemoveAtEnd("stack", stack);
        string file = await WriteAsync($$"""
            services:
              api:
                image: probe:latest
                configs: [greeting]
              web:
                image: probe:latest
                ports: ["{{port}}:80"]
            configs:
              greeting: { file: ./compose.yml }
            """);
        CommandResult result = await Cluster.SkepAsync(1, "stack", "deploy", "--detach", "-c", file, stack);
        Assert.Equal(1, result.Code);
        Assert.Contains($"failed to create service {stack}_web: port '{port}' is already in use by service '{holder}'", result.Error);
        foreach (string kind in new[] { "network", "service", "config" })
        {
            Assert.Empty((await DockerAsync(kind, "ls", "-q", "--filter", $"name={stack}_")).Succeeded().Lines);
        }
    });

    private static async Task<string> WriteAsync(string text)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("skt-host-").FullName, "compose.yml");
        await File.WriteAllTextAsync(file, text);
        return file;
    }
}
