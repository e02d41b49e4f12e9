using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Containers;

/// <summary>What a container is given, and what is asked of it.</summary>
public sealed class ContainerTests : ClusterFacts
{
    [Fact]
    public Task Secrets_and_configs_are_files_with_the_owner_and_mode_asked_for() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string secret = await FileObjectAsync("secret", "s3cr3t");
        string config = await FileObjectAsync("config", "hello {{.Service.Name}}", "--template-driver", "golang");
        string web = await ServiceAsync("files", "-p", $"{port}:80", "--secret", secret, "--secret", $"source={secret},target=/etc/other,uid=7,gid=8,mode=0400",
            "--config", $"source={config},target=/etc/app.conf,mode=0440");
        await UntilRunningAsync(web, 1);
        Assert.Equal("0444 0 0\ns3cr3t", await AskAsync(1, port, $"/file/run/secrets/{secret}"));
        Assert.Equal("0400 7 8\ns3cr3t", await AskAsync(1, port, "/file/etc/other"));
        Assert.Equal($"0440 0 0\nhello {web}", await AskAsync(1, port, "/file/etc/app.conf"));
        Assert.DoesNotContain("s3cr3t", (await DockerAsync("secret", "inspect", secret)).Succeeded().Out);
    });

    [Fact]
    public Task Environment_and_host_name_may_be_templates() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("templates", "-p", $"{port}:80", "-e", "WHO={{.Service.Name}}.{{.Task.Slot}} on {{.Node.Hostname}}", "--hostname", "h-{{.Task.Slot}}", "--constraint", "node.hostname==n2");
        await UntilRunningAsync(web, 1);
        Assert.Equal($"{web}.1 on n2", await AskAsync(1, port, "/env/WHO"));
        Assert.StartsWith("h-1 ", await AskAsync(1, port, "/who"));
    });

    [Fact]
    public Task A_container_does_not_get_more_memory_than_its_limit() => OnClusterAsync(async () =>
    {
        string web = await ServiceOfAsync("greedy", "probe:latest", ["--limit-memory", "32M", "--restart-condition", "none"], "/usr/bin/perl", "-e", "$x = 'x' x (300 << 20); sleep 60");
        await UntilTaskAsync(web, t => State(t) == "failed" && (int?)t["Status"]!["ContainerStatus"]!["ExitCode"] == 137, "was killed");
    });

    [Fact]
    public Task A_volume_outlives_its_task_and_a_tmpfs_does_not() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string volume = NewName("vol");
        string web = await ServiceAsync("keeper", "-p", $"{port}:80", "--constraint", "node.hostname==n3", "--mount", $"type=volume,source={volume},target=/data", "--mount", "type=tmpfs,target=/scratch");
        await UntilRunningAsync(web, 1);
        Assert.Equal("written", await AskAsync(1, port, "/write/data/kept/yes"));
        Assert.Equal("written", await AskAsync(1, port, "/write/scratch/kept/yes"));
        string first = (string)(await RunningAsync(web))[0]["ID"]!;
        await AskAsync(1, port, "/exit/1");
        await UntilTaskAsync(web, t => EngineClient.IsRunning(t) && (string)t["ID"]! != first, "took its place");
        Assert.EndsWith("\nyes", await AskAsync(1, port, "/file/data/kept"));
        Assert.StartsWith("cannot read", await AskAsync(1, port, "/file/scratch/kept"));
        Assert.Contains(volume, (await Cluster.DockerAsync(3, "volume", "ls", "-q")).Succeeded().Lines);
    });

    [Fact]
    public Task A_task_runs_only_once_it_is_healthy_and_is_replaced_when_it_is_not() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("patient", "-p", $"{port}:80", "--health-cmd", "/usr/bin/perl /usr/bin/probe health", "--health-interval", "500ms", "--health-retries", "2", "--health-timeout", "5s");
        await UntilRunningAsync(web, 1);
        string first = (string)(await RunningAsync(web))[0]["ID"]!;
        Assert.Equal("sick", await AskAsync(1, port, "/sick"));
        await UntilTaskAsync(web, t => (string)t["ID"]! == first && State(t) is "failed" && Error(t).Contains("unhealthy", StringComparison.Ordinal), "failed for its health");
        await UntilTaskAsync(web, t => EngineClient.IsRunning(t) && (string)t["ID"]! != first, "took its place");
    });

    [Fact]
    public Task A_container_that_never_becomes_healthy_never_runs() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("hopeless", "--health-cmd", "exit 1", "--health-interval", "300ms", "--health-retries", "2", "--restart-condition", "none");
        await UntilTaskAsync(web, t => State(t) == "failed" && Error(t).Contains("unhealthy", StringComparison.Ordinal), "failed for its health");
    });

    [Fact]
    public Task User_working_directory_and_read_only_root_are_obeyed() => OnClusterAsync(async () =>
    {
        string web = await ServiceOfAsync("strict", "probe:latest", ["--user", "65534", "--workdir", "/data", "--read-only", "--restart-condition", "none"], "/bin/sh", "-c", "id -u; echo in $PWD; echo x > /data/x || echo refused");
        await Eventually.BecomesAsync(
            async () =>
            {
                string log = (await DockerAsync("service", "logs", "--raw", web)).Out;
                return log.Contains("65534", StringComparison.Ordinal) && log.Contains("in /data", StringComparison.Ordinal) && log.Contains("refused", StringComparison.Ordinal) ? null : $"user, folder and refusal in: {log}";
            },
            Limit);
    });

    private async Task<string> FileObjectAsync(string kind, string content, params string[] options)
    {
        string name = NewName(kind);
        RemoveAtEnd(kind, name);
        (await Command.RunAsync("docker", ["-H", $"unix://{Cluster.SocketOf(1)}", kind, "create", .. options, name, "-"], content, null, TimeSpan.FromSeconds(20))).Succeeded();
        return name;
    }
}
