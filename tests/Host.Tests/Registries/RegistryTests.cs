using System.Text.RegularExpressions;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;
using Skep.Testing.Registries;

namespace Skep.Host.Tests.Registries;

/// <summary>Images that only a registry with a password has: they are made on n4, which is no peer of the others, and pushed from there.</summary>
public sealed partial class RegistryTests : ClusterFacts, IDisposable
{
    private readonly string _config = Directory.CreateTempSubdirectory("skt-host-login-").FullName;
    private RegistryProcess _registry = null!;

    public void Dispose() => Directory.Delete(_config, recursive: true);

    [Fact]
    public Task A_service_runs_what_only_the_registry_has_once_it_is_given_credentials() => OnClusterAsync(async () =>
    {
        await LogInAsync("docker");
        string app = NewRepository();
        string first = await PushNewAsync("docker", $"{app}:1");

        string shut = NewName("shut");
        RemoveAtEnd("service", shut);
        CommandResult created = await DockerAsync("service", "create", "-d", "--name", shut, "--restart-condition", "none", $"{app}:1");
        Assert.Contains("could not be accessed on a registry to record", created.Succeeded().Error);
        await UntilTaskAsync(shut, t => State(t) == "rejected" && Error(t).Contains($"pull access denied for {app}", StringComparison.Ordinal)
            && Error(t).Contains("unauthorized", StringComparison.Ordinal), "says that it was not let in");

        string open = NewName("open");
        RemoveAtEnd("service", open);
        created = await TypeAsync("docker", 1, "service", "create", "-d", "--with-registry-auth", "--name", open, "--stop-grace-period", "1s", "--constraint", "node.hostname==n3", $"{app}:1");
        Assert.DoesNotContain("could not be accessed", created.Succeeded().Error);
        Assert.Equal($"{app}:1@{first}", await ImageOfAsync(open));
        await UntilRunningAsync(open, 1);

        // The tag moves on in the registry: the service does when it is told to.
        string second = await PushNewAsync("docker", $"{app}:2");
        (await TypeAsync("docker", 1, "service", "update", "-d", "--with-registry-auth", "--image", $"{app}:2", open)).Succeeded();
        Assert.Equal($"{app}:2@{second}", await ImageOfAsync(open));
        await UntilUpdateAsync(open, "completed");
        string third = await PushNewAsync("docker", $"{app}:2");
        Assert.Equal(3, new[] { first, second, third }.Distinct().Count());
        (await TypeAsync("docker", 1, "service", "update", "-d", "--with-registry-auth", "--image", $"{app}:2", open)).Succeeded();
        Assert.Equal($"{app}:2@{third}", await ImageOfAsync(open));
        await UntilTaskAsync(open, t => EngineClient.IsRunning(t) && ((string)t["Spec"]!["ContainerSpec"]!["Image"]!).EndsWith(third, StringComparison.Ordinal), "runs what the tag stands for now");
    });

    [Theory]
    [InlineData("docker")]
    [InlineData("skep")]
    public Task A_stack_is_deployed_with_the_credentials_that_login_keeps(string program) => OnClusterAsync(async () =>
    {
        await LogInAsync(program);
        string app = NewRepository(), stack = NewName("kept");
        string digest = await PushNewAsync(program, $"{app}:1");
        string file = Path.Combine(_config, "stack.yml");
        await File.WriteAllTextAsync(file, $"services:\n  app:\n    image: {app}:1\n    stop_grace_period: 1s\n");
        RemoveAtEnd("service", $"{stack}_app");
        (await TypeAsync(program, 1, "stack", "deploy", "-d", "--with-registry-auth", "-c", file, stack)).Succeeded();
        Assert.Equal($"{app}:1@{digest}", await ImageOfAsync($"{stack}_app"));
        await UntilRunningAsync($"{stack}_app", 1);

        (await TypeAsync(program, Outsider, "logout", _registry.Domain)).Succeeded();
        CommandResult refused = await TypeAsync(program, Outsider, "pull", $"{app}:1");
        Assert.True(refused.Code != 0 && refused.Error.Contains($"pull access denied for {app}", StringComparison.Ordinal), refused.ToString());
    });

    private async Task LogInAsync(string program)
    {
        _registry = await SharedCluster.GetRegistryAsync();
        (string name, string password) = SharedCluster.RegistryUser;
        string[] login = ["login", "-u", name, "--password-stdin", _registry.Domain];
        CommandResult wrong = await TypeAsync(program, 1, login, input: "nonsense");
        Assert.True(wrong.Code != 0 && wrong.Error.Contains("unauthorized", StringComparison.Ordinal), wrong.ToString());
        Assert.Contains("Login Succeeded", (await TypeAsync(program, 1, login, password)).Succeeded().Out);
    }

    /// <summary>Makes an image like no other, pushes it, and forgets it.</summary>
    /// <returns>Its digest.</returns>
    private async Task<string> PushNewAsync(string program, string name)
    {
        string archive = Path.Combine(_config, "rootfs.tar");
        (await Command.RunAsync("sh", "-c", $"tar -chf {archive} -C $(dirname $(command -v busybox)) busybox")).Succeeded();
        (await TypeAsync("docker", Outsider, "import", "--change", "CMD [\"/busybox\",\"sleep\",\"600\"]", "--change", $"ENV NAME={NewName("image")}", archive, name)).Succeeded();
        string pushed = (await TypeAsync(program, Outsider, "push", name)).Succeeded().Out;
        (await TypeAsync(program, Outsider, "rmi", name)).Succeeded();
        return Digest().Match(pushed).Value;
    }

    private string NewRepository() => $"{_registry.Domain}/team/{NewName("app")}";

    private async Task<string> ImageOfAsync(string service)
        => (await DockerAsync("service", "inspect", service, "--format", "{{.Spec.TaskTemplate.ContainerSpec.Image}}")).Succeeded().Out.Trim();

    private Task<CommandResult> TypeAsync(string program, int node, params string[] words) => TypeAsync(program, node, words, input: null);

    /// <summary>A command of docker or skep, with the credentials of this fact.</summary>
    private Task<CommandResult> TypeAsync(string program, int node, string[] words, string? input) => Command.RunAsync(
        program == "skep" ? Repository.Skep : program,
        ["-H", $"unix://{Cluster.SocketOf(node)}", .. words],
        input,
        new Dictionary<string, string> { ["DOCKER_CONFIG"] = _config },
        Limit);

    [GeneratedRegex("sha256:[0-9a-f]{64}")]
    private static partial Regex Digest();
}
