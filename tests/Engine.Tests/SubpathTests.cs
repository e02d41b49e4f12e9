using Skep.Engine.Containers;
using Skep.Engine.Tests.Support;
using Skep.Engine.Volumes;
using Skep.Testing.Clusters;
using Skep.Testing.Containers;

namespace Skep.Engine.Tests;

/// <summary>Containers that see a part of a volume only.</summary>
[Collection("containerd")]
public sealed class SubpathTests(ContainerdFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>The runtime looks the source up again later: until then somebody with the whole volume may have swapped the part for a link.</summary>
    [Fact]
    public async Task What_the_runtime_is_given_leads_to_the_part_also_when_a_link_has_taken_its_place()
    {
        await using TestEngine node = await StartAsync();
        string data = await VolumeAsync(node);
        string id = await node.Engine.CreateContainerAsync(Spec("a"), CancellationToken.None);
        Directory.Move(Path.Combine(data, "a"), Path.Combine(data, "b"));
        File.CreateSymbolicLink(Path.Combine(data, "a"), "/");
        string source = node.Engine.Context.Runtime.Containers.Find(id)!.Spec.Mounts.Single(m => m.Destination == "/m").Source;
        Assert.Equal(["mark"], Directory.GetFileSystemEntries(source).Select(Path.GetFileName));
        await node.Engine.RemoveContainerAsync(id, force: true, withVolumes: true, CancellationToken.None);
        Assert.Equal("part", await File.ReadAllTextAsync(Path.Combine(data, "b/mark")));
        Assert.False(Path.Exists(source));
    }

    [Fact]
    public async Task Links_in_the_part_lead_nowhere_out_of_the_volume()
    {
        await using TestEngine node = await StartAsync();
        string data = await VolumeAsync(node);
        File.CreateSymbolicLink(Path.Combine(data, "out"), "/");
        File.CreateSymbolicLink(Path.Combine(data, "in"), "../../../../a");
        Assert.Equal("part", await OutputAsync(node, Spec("in", "cat", "/m/mark")));
        Assert.Equal("part", await OutputAsync(node, Spec("out/a", "cat", "/m/mark")));
        Assert.Equal("part", await OutputAsync(node, Spec("a/mark", "cat", "/m")));
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => node.Engine.CreateContainerAsync(Spec("out/etc"), CancellationToken.None));
        Assert.Contains("no such file or directory", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_with_a_part_starts_again_under_the_next_engine_and_holds_the_volume_till_it_is_gone()
    {
        await using TestEngine node = await StartAsync();
        await VolumeAsync(node);
        string id = await node.Engine.CreateContainerAsync(Spec("a", "sh", "-c", "cat /m/mark; echo again >> /m/mark"), CancellationToken.None);
        await RunAsync(node, id);
        await node.Engine.DisposeAsync();
        await node.OpenAsync();
        await RunAsync(node, id);
        LocalMount seen = Assert.Single((await node.Engine.InspectContainerAsync(id, CancellationToken.None)).Mounts);
        Assert.Equal((MountKind.Volume, "data"), (seen.Kind, seen.Name));
        await Assert.ThrowsAsync<ClusterException>(() => node.Engine.RemoveVolumeAsync("data", force: true, CancellationToken.None));
        await node.Engine.RemoveContainerAsync(id, force: false, withVolumes: true, CancellationToken.None);
        Assert.Equal("partagain\nagain\n", await File.ReadAllTextAsync(Path.Combine(node.Options.DataDirectory, "volumes/data/_data/a/mark")));
        await node.Engine.RemoveVolumeAsync("data", force: false, CancellationToken.None);
        Assert.DoesNotContain(File.ReadLines("/proc/self/mounts"), l => l.Contains(Path.Combine(node.Options.DataDirectory, "volumes"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_place_that_is_not_mounted_any_more_is_not_taken_for_the_part()
    {
        await using TestEngine node = await StartAsync();
        await VolumeAsync(node);
        string id = await node.Engine.CreateContainerAsync(Spec("a", "cat", "/m/mark"), CancellationToken.None);
        string source = node.Engine.Context.Runtime.Containers.Find(id)!.Spec.Mounts.Single(m => m.Destination == "/m").Source;
        await node.Engine.DisposeAsync();
        Native.LibC.Detach(source); // As a reboot does.
        await node.OpenAsync();
        Assert.False(Path.Exists(source));
        await RunAsync(node, id);
        Assert.Equal(0, (await node.Engine.InspectContainerAsync(id, CancellationToken.None)).ExitCode);
    }

    [Fact]
    public async Task Files_of_a_stopped_container_are_found_below_its_parts_and_nothing_stays_mounted()
    {
        await using TestEngine node = await StartAsync();
        await VolumeAsync(node);
        string id = await node.Engine.CreateContainerAsync(Spec("a", "true"), CancellationToken.None);
        await RunAsync(node, id);
        Assert.Equal(4, (await node.Engine.StatFileAsync(id, "/m/mark", CancellationToken.None)).Size);
        Assert.DoesNotContain(File.ReadLines("/proc/self/mounts"), l => l.Contains(node.Options.RunDirectory + "/roots", StringComparison.Ordinal));
    }

    private async Task<TestEngine> StartAsync()
    {
        TestEngine node = await TestEngine.StartAsync(fixture.Daemon);
        await node.Engine.LoadImagesAsync(new MemoryStream(TestImage.SavedTar("busy:1")), CancellationToken.None);
        return node;
    }

    /// <returns>Its files.</returns>
    private static async Task<string> VolumeAsync(TestEngine node)
    {
        LocalVolume volume = await node.Engine.CreateVolumeAsync("data", ValueMap<string, string>.Empty, null, CancellationToken.None);
        Directory.CreateDirectory(Path.Combine(volume.MountPoint, "a"));
        await File.WriteAllTextAsync(Path.Combine(volume.MountPoint, "a/mark"), "part");
        return volume.MountPoint;
    }

    private static async Task RunAsync(TestEngine node, string id)
    {
        await node.Engine.StartContainerAsync(id, CancellationToken.None);
        await node.Engine.WaitContainerAsync(id, WaitCondition.NotRunning, CancellationToken.None).WaitAsync(Limit);
    }

    private static async Task<string> OutputAsync(TestEngine node, StandaloneSpec spec)
    {
        string id = await node.Engine.CreateContainerAsync(spec, CancellationToken.None);
        await RunAsync(node, id);
        string text = "";
        await foreach (Logs.LogLine line in node.Engine.ReadLogsAsync(id, new Logs.LogQuery(), CancellationToken.None))
        {
            text += System.Text.Encoding.UTF8.GetString(line.Data.Span);
        }

        await node.Engine.RemoveContainerAsync(id, force: true, withVolumes: true, CancellationToken.None);
        return text.TrimEnd('\n');
    }

    private static StandaloneSpec Spec(string subpath, params string[] args) => new()
    {
        NetworkMode = "none",
        Template = new TaskSpec
        {
            Container = new ContainerSpec("busy:1")
            {
                Args = args.ToValueList(),
                Mounts = [new Mount(MountKind.Volume, "data", "/m") { Volume = new VolumeOptions { Subpath = subpath } }],
            },
        },
    };
}
