using System.Text.Json.Nodes;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Containers;

/// <summary>A container is reached from whichever manager is asked, by Docker's own client.</summary>
public sealed class ExecTests : ClusterFacts
{
    [Fact]
    public Task A_container_of_another_node_is_reached_by_every_name_of_its_task() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("far", "--constraint", "node.hostname==n3", "--hostname", "far-away");
        await UntilRunningAsync(web, 1);
        JsonObject task = Assert.Single(await RunningAsync(web));
        string id = (string)task["ID"]!;
        string container = (string)task["Status"]!["ContainerStatus"]!["ContainerID"]!;
        foreach (string name in (string[])[container, container[..12], $"{web}.1.{id}", $"{web}.1"])
        {
            CommandResult result = await Cluster.DockerAsync(2, "exec", "-e", "A=b", name, "/usr/bin/perl", "-e", "use Sys::Hostname; print hostname, $ENV{A}; print STDERR 'bad'; exit 9");
            Assert.Equal((9, "far-awayb", "bad"), (result.Code, result.Out, result.Error.TrimEnd()));
        }

        Assert.Contains(container[..12], (await DockerAsync("stats", "--no-stream", $"{web}.1")).Succeeded().Out);
        Assert.Contains("/usr/bin/probe", (await DockerAsync("top", container)).Succeeded().Out);
        Assert.Contains("far-away", (await DockerAsync("inspect", container)).Succeeded().Out);
        Assert.Contains("\"DesiredState\"", (await DockerAsync("inspect", id)).Succeeded().Out); // the id of a task is a task's, as in Swarm
        CommandResult missing = await DockerAsync("exec", container, "nonesuch");
        Assert.Equal(127, missing.Code);
        Assert.DoesNotContain(container[..12], (await DockerAsync("ps")).Succeeded().Out);
        CommandResult nobody = await DockerAsync("exec", $"{web}.2", "true");
        Assert.Contains($"No such container: {web}.2", nobody.Error);
    });

    [Fact]
    public Task Files_go_to_a_container_of_another_node_and_back() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("files", "--constraint", "node.hostname==n3");
        await UntilRunningAsync(web, 1);
        string directory = Directory.CreateTempSubdirectory("skt-host-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory, "one"), "carried");
            (await DockerAsync("cp", Path.Combine(directory, "one"), $"{web}.1:/tmp/two")).Succeeded();
            (await DockerAsync("cp", $"{web}.1:/tmp/two", Path.Combine(directory, "three"))).Succeeded();
            Assert.Equal("carried", await File.ReadAllTextAsync(Path.Combine(directory, "three")));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    });
}
