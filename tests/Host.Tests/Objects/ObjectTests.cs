using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Objects;

/// <summary>Images, volumes and events of a node, by the docker command line.</summary>
public sealed class ObjectTests : ClusterFacts
{
    [Fact]
    public Task An_image_is_tagged_saved_loaded_and_removed() => OnClusterAsync(async () =>
    {
        string name = NewName("copy");
        string archive = Path.Combine(Path.GetTempPath(), $"skt-host-{name}.tar");
        try
        {
            (await DockerAsync("tag", "probe:latest", $"{name}:1")).Succeeded();
            (await DockerAsync("save", "-o", archive, $"{name}:1")).Succeeded();
            Assert.Equal([$"Untagged: {name}:1"], (await DockerAsync("rmi", $"{name}:1")).Succeeded().Lines);
            Assert.Contains($"Loaded image: {name}:1", (await DockerAsync("load", "-i", archive)).Succeeded().Out);
            Assert.Equal([$"{name}:1"], (await DockerAsync("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", $"reference={name}")).Succeeded().Lines);
            Assert.Contains("No such image", (await DockerAsync("rmi", $"{name}:2")).Error);
            (await DockerAsync("rmi", $"{name}:1")).Succeeded();
        }
        finally
        {
            File.Delete(archive);
        }
    });

    [Fact]
    public Task An_image_in_use_is_not_removed_by_its_only_name() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("user", "--constraint", "node.hostname==n1");
        await UntilRunningAsync(web, 1);
        string id = (await DockerAsync("image", "inspect", "probe:latest", "--format", "{{.Id}}")).Succeeded().Out.Trim();
        Assert.Contains("conflict", (await DockerAsync("rmi", "-f", id)).Error);
    });

    [Fact]
    public Task A_volume_in_use_stays_and_events_tell_its_life() => OnClusterAsync(async () =>
    {
        string volume = NewName("told");
        (await DockerAsync("volume", "create", "--label", "told=yes", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=1m", volume)).Succeeded();
        string web = await ServiceAsync("mounts", "--constraint", "node.hostname==n1", "--mount", $"type=volume,source={volume},target=/data");
        await UntilRunningAsync(web, 1);
        Assert.Contains("volume is in use", (await DockerAsync("volume", "rm", volume)).Error);
        (await DockerAsync("service", "rm", web)).Succeeded();
        await Eventually.TrueAsync(async () => (await DockerAsync("volume", "rm", volume)).Code == 0, Limit, () => $"volume {volume} to go");
        Assert.Equal(["create", "mount", "unmount", "destroy"], await ToldAsync("destroy", "type=volume", $"volume={volume}"));
        Assert.Equal(["create", "remove"], await ToldAsync("remove", "type=service", $"service={web}"));
        // Once or twice killed: a program that has not yet said it heeds TERM does not hear it as a container's first process, and gets KILL after its grace period.
        Assert.StartsWith("create start kill die stop destroy", string.Join(' ', (await ToldAsync("destroy", "type=container", $"container={web}")).Distinct()));
    });

    [Fact]
    public Task Disk_use_and_what_cannot_be_done_are_told_clearly() => OnClusterAsync(async () =>
    {
        Assert.Contains("Local Volumes", (await DockerAsync("system", "df")).Succeeded().Out);
        Assert.Contains("probe", (await DockerAsync("system", "df", "-v")).Succeeded().Out);
        Assert.Contains("not supported by Skep", (await DockerAsync("search", "nginx")).Error);
        Assert.Contains("all tags", (await DockerAsync("pull", "-a", "probe")).Error);
    });

    /// <summary>What was told of an object so far, once the last of it was. The docker command cuts <c>--until</c> to whole seconds.</summary>
    private async Task<IReadOnlyList<string>> ToldAsync(string last, params string[] filters)
    {
        IReadOnlyList<string> told = [];
        string[] flags = [.. filters.SelectMany(f => (string[])["--filter", f])];
        await Eventually.TrueAsync(
            async () => (told = (await DockerAsync(["events", "--since", "5m", "--until", "0s", .. flags, "--format", "{{.Action}}"])).Succeeded().Lines).Contains(last),
            TimeSpan.FromSeconds(10),
            () => $"{last} of {string.Join(' ', filters)}, told so far: {string.Join(' ', told)}");
        return told;
    }
}
