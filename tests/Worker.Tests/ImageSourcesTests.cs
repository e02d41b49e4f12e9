using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Skep.Worker.Local;
using Skep.Worker.PeerServices;
using Skep.Worker.Tests.Support;

namespace Skep.Worker.Tests;

[Collection("containerd")]
public sealed class ImageSourcesTests(ContainerdFixture fixture)
{
    [Fact]
    public async Task Image_is_pulled_from_an_open_registry()
    {
        using var registry = new RegistryProcess();
        await registry.PushAsync("team/app", "1", TestImage.Busybox());
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        SwarmTask task = node.Shell("echo pulled", c => c with { Image = $"{registry.Domain}/team/app:1" });
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Complete);
        Assert.Equal(["pulled"], await node.OutputAsync(task.Id));

        var steps = new List<string>();
        LocalImage image = await node.Agent.Local.PullImageAsync($"{registry.Domain}/team/app:1", "", null, s => steps.Add(s.Status), CancellationToken.None);
        Assert.Equal([$"{registry.Domain}/team/app:1"], image.Tags);
        Assert.Contains(steps, s => s == $"Status: Image is up to date for {registry.Domain}/team/app:1");
        ClusterException unknown = await Assert.ThrowsAsync<ClusterException>(() => node.Agent.Local.PullImageAsync($"{registry.Domain}/team/app:2", "", null, _ => { }, CancellationToken.None));
        Assert.Contains("manifest unknown", unknown.Message);
    }

    [Fact]
    public async Task Image_is_pulled_with_the_credentials_of_the_spec()
    {
        using var registry = new RegistryProcess("bee:$2y$04$DANPhZzbHVv7T7BwKX8pN.M0.2oQHfIlKg7Ya7ggDlP.ytjWcZcY.");
        await registry.PushAsync("private/app", "1", TestImage.Busybox(), "bee:honey");
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        SwarmTask refused = node.Shell("true", c => c with { Image = $"{registry.Domain}/private/app:1" });
        node.Manager.Put(refused);
        Assert.Contains("pull access denied", (await node.Manager.WaitAsync(refused.Id, TaskState.Rejected)).Error);
        SwarmTask allowed = node.Shell("true", c => c with
        {
            Image = $"{registry.Domain}/private/app:1",
            RegistryAuth = SensitiveBytes.From(Encoding.UTF8.GetBytes("""{"username":"bee","password":"honey"}""")),
        });
        node.Manager.Put(allowed);
        await node.Manager.WaitAsync(allowed.Id, TaskState.Complete);
    }

    [Fact]
    public async Task Image_without_a_registry_comes_from_a_node_that_has_it()
    {
        await using TestNode first = await TestNode.StartAsync(fixture.Daemon);
        await using TestManager peer = await TestManager.StartAsync(
            app => app.MapGrpcService<PeerImagesService>(), services => services.AddSingleton(first.Agent.PeerImages));
        await using TestNode second = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        second.Manager.Put(new AssignmentItem.Peer(first.Self, "first", 1, "127.0.0.1", peer.Address, ValueMap<NetworkId, Ipv4Address>.Empty, IsUp: true));
        SwarmTask task = second.Shell("echo from-peer");
        second.Manager.Put(task);
        await second.Manager.WaitAsync(task.Id, TaskState.Complete);
        Assert.Equal(["from-peer"], await second.OutputAsync(task.Id));
    }

    [Fact]
    public async Task Images_are_tagged_and_removed_as_by_Docker()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        LocalNode local = node.Agent.Local;
        await local.TagImageAsync("busy:1", "other/busy:2", CancellationToken.None);
        LocalImage image = Assert.Single(await local.ListImagesAsync(CancellationToken.None));
        Assert.Equal(["busy:1", "other/busy:2"], image.Tags);
        Assert.Equal(ErrorKind.AlreadyExists, (await Assert.ThrowsAsync<ClusterException>(() => local.RemoveImageAsync(image.Id, force: false, CancellationToken.None))).Kind);
        Assert.Equal(["other/busy:2"], (await local.RemoveImageAsync("other/busy:2", force: false, CancellationToken.None)).Untagged);
        SwarmTask task = node.Shell("sleep 60", c => c with { StopGracePeriod = TimeSpan.Zero });
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Running);
        Assert.Contains("(must force) - container", (await Assert.ThrowsAsync<ClusterException>(() => local.RemoveImageAsync("busy:1", force: false, CancellationToken.None))).Message);
        Assert.Contains("cannot be forced", (await Assert.ThrowsAsync<ClusterException>(() => local.RemoveImageAsync(image.Id, force: true, CancellationToken.None))).Message);
        ImageRemoval forced = await local.RemoveImageAsync("busy:1", force: true, CancellationToken.None);
        Assert.Equal((1, 0), (forced.Untagged.Count, forced.Deleted.Count));
        Assert.Empty(Assert.Single(await local.ListImagesAsync(CancellationToken.None)).Tags);
        Assert.Equal("No such image: nope:latest", (await Assert.ThrowsAsync<ClusterException>(() => local.InspectImageAsync("nope", CancellationToken.None))).Message);
    }
}
