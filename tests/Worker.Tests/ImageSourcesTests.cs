using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Skep.Engine.Images;
using Skep.Testing.Containers;
using Skep.Testing.Registries;
using Skep.Worker.PeerServices;
using Skep.Worker.Tests.Support;

namespace Skep.Worker.Tests;

[Collection("containerd")]
public sealed class ImageSourcesTests(ContainerdFixture fixture)
{
    [Fact]
    public async Task Image_is_pulled_from_an_open_registry()
    {
        using RegistryProcess registry = await RegistryProcess.StartAsync();
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
        var bee = new RegistryUser("bee", "honey");
        using RegistryProcess registry = await RegistryProcess.StartAsync(bee);
        await registry.PushAsync("private/app", "1", TestImage.Busybox(), bee);
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
    public async Task Name_stands_for_what_its_registry_says_now_and_else_for_what_is_here()
    {
        var bee = new RegistryUser("bee", "honey");
        var credentials = new RegistryCredentials("bee", SensitiveBytes.From("honey"u8.ToArray()));
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        ContainerEngine local = node.Agent.Local;
        string name;
        LocalImage pulled;
        using (RegistryProcess registry = await RegistryProcess.StartAsync(bee))
        {
            name = $"{registry.Domain}/private/app:1";
            await registry.PushAsync("private/app", "1", TestImage.Busybox(), bee);
            Assert.Contains("pull access denied", (await Assert.ThrowsAsync<ClusterException>(() => local.FindVersionAsync(name, null, CancellationToken.None))).Message);
            pulled = await local.PullImageAsync(name, "", credentials, _ => { }, CancellationToken.None);
            await registry.PushAsync("private/app", "1", TestImage.Layer([("other", "text", 0x1a4)]), bee);
            ImageVersion moved = await local.FindVersionAsync(name, credentials, CancellationToken.None);
            Assert.NotEqual(pulled.TargetDigest, moved.Digest);
            Assert.Equal((MediaTypes.DockerManifest, new Platform("amd64", "linux")), (moved.MediaType, Assert.Single(moved.Platforms)));
        }

        Assert.Equal(pulled.TargetDigest, (await local.FindVersionAsync(name, credentials, CancellationToken.None)).Digest);
        Assert.Equal(ErrorKind.Unavailable, (await Assert.ThrowsAsync<ClusterException>(() => local.FindVersionAsync(name + "0", credentials, CancellationToken.None))).Kind);
    }

    [Fact]
    public async Task Short_name_stands_for_what_was_loaded_here_and_for_what_Dockers_registry_says_if_it_came_from_there()
    {
        using RegistryProcess mirror = await RegistryProcess.StartAsync();
        foreach (string repository in new[] { "library/busy", "library/pulled" })
        {
            await mirror.PushAsync(repository, "1", TestImage.Busybox());
        }

        await using TestNode node = await TestNode.StartAsync(fixture.Daemon, mirrors: $"http://{mirror.Domain}");
        ContainerEngine local = node.Agent.Local;
        Assert.Equal((await local.InspectImageAsync("busy:1", CancellationToken.None)).TargetDigest, (await local.FindVersionAsync("busy:1", null, CancellationToken.None)).Digest);
        string before = (await local.PullImageAsync("pulled:1", "", null, _ => { }, CancellationToken.None)).TargetDigest;
        Assert.Equal(before, (await local.FindVersionAsync("pulled:1", null, CancellationToken.None)).Digest);
        await mirror.PushAsync("library/pulled", "1", TestImage.Layer([("other", "text", 0x1a4)]));
        Assert.NotEqual(before, (await local.FindVersionAsync("pulled:1", null, CancellationToken.None)).Digest);
    }

    [Fact]
    public async Task Image_without_a_registry_comes_from_a_manager_that_has_it()
    {
        await using TestNode first = await TestNode.StartAsync(fixture.Daemon);
        await using TestManager peer = await TestManager.StartAsync(
            app => app.MapGrpcService<PeerImagesService>(), services => services.AddSingleton(first.Agent.PeerImages));
        await using TestNode second = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        second.Manager.Put(new AssignmentItem.Peer(first.Self, "first", 1, "127.0.0.1", peer.Address, ValueMap<NetworkId, Ipv4Address>.Empty, IsUp: true));
        second.Manager.TellManager(first.Self, peer.Address);
        SwarmTask task = second.Shell("echo from-peer");
        second.Manager.Put(task);
        await second.Manager.WaitAsync(task.Id, TaskState.Complete);
        Assert.Equal(["from-peer"], await second.OutputAsync(task.Id));
    }

    [Fact]
    public async Task Images_are_tagged_and_removed_as_by_Docker()
    {
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        ContainerEngine local = node.Agent.Local;
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
