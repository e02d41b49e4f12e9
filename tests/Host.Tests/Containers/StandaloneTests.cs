using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Containers;

/// <summary>Containers of a user's own, with skep's verbs on a real node.</summary>
public sealed class StandaloneTests : ClusterFacts
{
    [Fact]
    public Task Run_stays_with_the_container_and_ends_as_it_does() => OnClusterAsync(async () =>
    {
        CommandResult run = await Cluster.SkepAsync(1, "run", "--rm", "--network", "none", "-e", "A=b", "-w", "/tmp", "probe:latest", "sh", "-c", "echo $A $(busybox pwd); echo oops >&2; exit 7");
        Assert.Equal((7, "b /tmp\n", "oops\n"), (run.Code, run.Out, run.Error));
        CommandResult missing = await Cluster.SkepAsync(1, "run", "--rm", "--network", "none", "probe:latest", "/no/such");
        Assert.Equal(127, missing.Code);
    });

    [Fact]
    public Task A_killed_program_starts_again_and_a_stopped_one_does_not() => OnClusterAsync(async () =>
    {
        string name = NewName("again");
        (await Cluster.SkepAsync(1, "run", "-d", "--name", name, "--network", "none", "--restart", "unless-stopped", "probe:latest", "sleep", "1000")).Succeeded();
        try
        {
            string first = await PidAsync(name);
            (await Cluster.InNodeAsync(1, "kill", "-9", first)).Succeeded();
            await Eventually.TrueAsync(async () => await PidAsync(name) is not "0" and var pid && pid != first, Limit, () => $"{name} runs again");
            Assert.Equal("1 unless-stopped", (await Cluster.SkepAsync(1, "inspect", "-f", "{{.RestartCount}} {{.HostConfig.RestartPolicy.Name}}", name)).Succeeded().Out.Trim());
            (await Cluster.SkepAsync(1, "stop", "-t", "0", name)).Succeeded();
            Assert.Equal("137", (await Cluster.SkepAsync(1, "wait", name)).Succeeded().Out.Trim());
            Assert.Equal("exited", (await Cluster.SkepAsync(1, "ps", "-a", "--filter", $"name={name}", "--format", "{{.State}}")).Succeeded().Out.Trim());
        }
        finally
        {
            (await Cluster.SkepAsync(1, "rm", "-f", name)).Succeeded();
        }
    });

    [Fact]
    public Task Run_with_a_terminal_gives_the_container_one() => OnClusterAsync(async () =>
    {
        string line = $"stty rows 33 cols 99; {Repository.Skep} -H unix://{Cluster.SocketOf(1)} run --rm -it --network none probe:latest sh -c 'busybox tty; until [ \"$(busybox stty size)\" = \"33 99\" ]; do busybox usleep 20000; done; echo sized; exit 5'";
        CommandResult run = await Command.RunAsync("script", "-qec", line, "/dev/null");
        Assert.Equal(5, run.Code);
        Assert.Contains("/dev/pts/0", run.Out, StringComparison.Ordinal);
        Assert.Contains("sized", run.Out, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_privileged_container_gets_what_the_daemon_has() => OnClusterAsync(async () =>
    {
        CommandResult run = await Cluster.SkepAsync(1, "run", "--rm", "--network", "none", "--privileged", "probe:latest", "sh", "-c", "busybox mount -t tmpfs x /data && echo mounted");
        Assert.Equal("mounted", run.Succeeded().Out.Trim());
    });

    private async Task<string> PidAsync(string name) => (await Cluster.SkepAsync(1, "inspect", "-f", "{{.State.Pid}}", name)).Succeeded().Out.Trim();
}
