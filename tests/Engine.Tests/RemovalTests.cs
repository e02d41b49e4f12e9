using Skep.Engine.Containers;
using Skep.Engine.Native;
using Skep.Engine.Tests.Support;
using Skep.Engine.Volumes;
using Skep.Testing.Clusters;
using Skep.Testing.Containers;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Tests;

/// <summary>Removals that fail half-way. What makes them fail is a mount in a directory that is to be deleted.</summary>
[Collection("containerd")]
public sealed class RemovalTests(ContainerdFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_container_whose_removal_failed_stays_in_sight_and_can_be_removed_again()
    {
        await using TestEngine node = await StartAsync();
        string id = await node.Engine.CreateContainerAsync(Spec(new Mount(MountKind.Volume, "", "/own")), CancellationToken.None);
        string stuck = Block(node, id);
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => node.Engine.RemoveContainerAsync("box", force: true, withVolumes: true, CancellationToken.None));
        Assert.Contains("busy", refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ContainerState.Removing, (await node.Engine.InspectContainerAsync("box", CancellationToken.None)).State);
        Assert.Equal(id, Assert.Single(await node.Engine.ListContainersAsync(all: true, CancellationToken.None)).Id);
        LibC.Detach(stuck);
        await node.Engine.RemoveContainerAsync(id[..12], force: true, withVolumes: false, CancellationToken.None);
        await AssertGoneAsync(node, id);
    }

    [Fact]
    public async Task A_removal_that_was_broken_off_is_finished_by_the_next_engine_whatever_fails_at_first()
    {
        await using TestEngine node = await StartAsync();
        string id = await node.Engine.CreateContainerAsync(Spec(new Mount(MountKind.Volume, "", "/own")), CancellationToken.None);
        string stuck = Block(node, id);
        await Assert.ThrowsAsync<ClusterException>(() => node.Engine.RemoveContainerAsync("box", force: true, withVolumes: true, CancellationToken.None));
        await node.Engine.DisposeAsync();
        await node.OpenAsync();
        Assert.True(node.Engine.HasContainer("box"));
        LibC.Detach(stuck);
        await Eventually.TrueAsync(() => Task.FromResult(!node.Engine.HasContainer("box")), Limit, () => "the end of the removal");
        await AssertGoneAsync(node, id);
    }

    [Fact]
    public async Task A_container_that_somebody_else_took_from_containerd_is_still_seen_and_removed()
    {
        await using TestEngine node = await StartAsync();
        string id = await node.Engine.CreateContainerAsync(Spec(), CancellationToken.None);
        await node.Outside.Containers.DeleteAsync(new Cd.DeleteContainerRequest { Id = id });
        await Eventually.TrueAsync(() => Task.FromResult(node.Engine.Context.Runtime.Containers.Find(id) is null), Limit, () => "the event of its end");
        Assert.Equal(id, (await node.Engine.InspectContainerAsync(id[..10], CancellationToken.None)).Id);
        Assert.Equal("box", Assert.Single(await node.Engine.ListContainersAsync(all: true, CancellationToken.None)).Name);
        await node.Engine.RemoveContainerAsync("box", force: false, withVolumes: false, CancellationToken.None);
        await AssertGoneAsync(node, id);
    }

    [Fact]
    public async Task A_container_that_cannot_be_removed_at_its_end_is_removed_later()
    {
        await using TestEngine node = await StartAsync();
        string id = await node.Engine.CreateContainerAsync(Spec() with { AutoRemove = true }, CancellationToken.None);
        string stuck = Block(node, id);
        await node.Engine.StartContainerAsync(id, CancellationToken.None);
        await node.Engine.KillContainerAsync(id, "", CancellationToken.None);
        await Eventually.TrueAsync(() => Task.FromResult(node.Log.Count(7030) > 0), Limit, () => "the failure of its removal");
        Assert.Equal(ContainerState.Removing, (await node.Engine.InspectContainerAsync(id, CancellationToken.None)).State);
        LibC.Detach(stuck);
        await Eventually.TrueAsync(() => Task.FromResult(!node.Engine.HasContainer(id)), Limit, () => "its removal");
        await AssertGoneAsync(node, id);
    }

    [Fact]
    public async Task A_volume_whose_removal_failed_is_still_listed_and_can_be_removed_again()
    {
        await using TestEngine node = await StartAsync();
        LocalVolume volume = await node.Engine.CreateVolumeAsync("data", ValueMap<string, string>.Empty, null, CancellationToken.None);
        string stuck = Block(volume.MountPoint);
        await Assert.ThrowsAsync<IOException>(() => node.Engine.RemoveVolumeAsync("data", force: false, CancellationToken.None));
        Assert.Equal("data", Assert.Single(await node.Engine.ListVolumesAsync(CancellationToken.None)).Name);
        LibC.Detach(stuck);
        await node.Engine.RemoveVolumeAsync("data", force: false, CancellationToken.None);
        Assert.Empty(await node.Engine.ListVolumesAsync(CancellationToken.None));
    }

    private async Task<TestEngine> StartAsync()
    {
        TestEngine node = await TestEngine.StartAsync(fixture.Daemon);
        await node.Engine.LoadImagesAsync(new MemoryStream(TestImage.SavedTar("busy:1")), CancellationToken.None);
        return node;
    }

    private static string Block(TestEngine node, string id) => Block(Path.Combine(node.Options.DataDirectory, "logs", id));

    private static string Block(string directory)
    {
        string stuck = Path.Combine(directory, "stuck");
        Directory.CreateDirectory(stuck);
        LibC.Mount("skep", stuck, "tmpfs", 0, "");
        return stuck;
    }

    private static async Task AssertGoneAsync(TestEngine node, string id)
    {
        Assert.Empty(await node.Engine.ListContainersAsync(all: true, CancellationToken.None));
        Assert.False(node.Engine.HasContainer(id));
        Assert.Empty(await node.Engine.ListVolumesAsync(CancellationToken.None));
        Assert.Empty(Directory.GetFiles(Path.Combine(node.Options.DataDirectory, "standalone")));
        Assert.Empty(Directory.GetDirectories(Path.Combine(node.Options.DataDirectory, "logs")));
    }

    private static StandaloneSpec Spec(params Mount[] mounts)
        => new() { Name = "box", NetworkMode = "none", Template = new TaskSpec { Container = new ContainerSpec("busy:1") { Args = ["sleep", "600"], Mounts = mounts.ToValueList() } } };
}
