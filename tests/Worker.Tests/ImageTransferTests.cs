using System.IO.Compression;
using Skep.Engine.Images;
using Skep.Testing.Containers;
using Skep.Testing.Registries;
using Skep.Worker.Tests.Support;

namespace Skep.Worker.Tests;

[Collection("containerd")]
public sealed class ImageTransferTests(ContainerdFixture fixture)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Saved_images_load_elsewhere_with_their_names(bool gzip)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using TestNode first = await TestNode.StartAsync(fixture.Daemon);
        ContainerEngine local = first.Agent.Local;
        await local.TagImageAsync("busy:1", "other/busy:2", limit.Token);
        using var archive = new MemoryStream();
        await (await local.SaveImagesAsync(["busy:1", "other/busy:2"], limit.Token))(archive, limit.Token);
        await using TestNode second = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        byte[] bytes = gzip ? Compress(archive.ToArray()) : archive.ToArray();
        Assert.Equal(["busy:1", "other/busy:2"], await second.Agent.Local.LoadImagesAsync(new MemoryStream(bytes), limit.Token));
        LocalImage image = Assert.Single(await second.Agent.Local.ListImagesAsync(limit.Token));
        Assert.Equal((await local.InspectImageAsync("busy:1", limit.Token)).Id, image.Id);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), image.CreatedAt);
        Assert.True(image.SizeBytes > 100_000);
        Assert.Contains(second.Events.Subscribe(DateTimeOffset.MinValue).Past, e => e is { Type: "image", Action: "load" });
    }

    [Fact]
    public async Task Pushed_image_is_pulled_by_another_node()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using RegistryProcess registry = await RegistryProcess.StartAsync();
        await registry.PushAsync("warm/up", "1", TestImage.Busybox());
        await using TestNode first = await TestNode.StartAsync(fixture.Daemon);
        string name = $"{registry.Domain}/team/app:1";
        await first.Agent.Local.TagImageAsync("busy:1", name, limit.Token);
        var steps = new List<string>();
        await first.Agent.Local.PushImageAsync(name, null, s => steps.Add(s.Status), limit.Token);
        Assert.Equal($"The push refers to repository [{registry.Domain}/team/app]", steps[0]);
        Assert.Equal(2, steps.Count(s => s is "Pushed" or "Layer already exists"));
        Assert.StartsWith("digest: sha256:", steps[^1]);
        await first.Agent.Local.PushImageAsync(name, null, s => steps.Add(s.Status), limit.Token);
        Assert.Contains("Layer already exists", steps);

        await using TestNode second = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        LocalImage pulled = await second.Agent.Local.PullImageAsync(name, "", null, _ => { }, limit.Token);
        Assert.Equal((await first.Agent.Local.InspectImageAsync(name, limit.Token)).Id, pulled.Id);
        Assert.Contains("does not provide the specified platform", (await Assert.ThrowsAsync<ClusterException>(() => second.Agent.Local.PullImageAsync(name, "linux/s390x", null, _ => { }, limit.Token))).Message);
    }

    [Fact]
    public async Task Push_that_is_not_allowed_says_that_it_was_a_push()
    {
        using RegistryProcess registry = await RegistryProcess.StartAsync(new RegistryUser("bee", "honey"));
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        string name = $"{registry.Domain}/team/app:1";
        await node.Agent.Local.TagImageAsync("busy:1", name, CancellationToken.None);
        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => node.Agent.Local.PushImageAsync(name, null, _ => { }, CancellationToken.None));
        Assert.StartsWith($"push access denied for {registry.Domain}/team/app, ", refused.Message);
    }

    [Fact]
    public async Task Pull_goes_on_where_it_broke_off_and_takes_this_machines_part_of_an_index()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        byte[] layer = TestImage.Busybox();
        string layerDigest = registry.AddBlob(layer);
        string config = $$$"""{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["{{{layerDigest}}}"]}}""";
        string configDigest = registry.AddBlob(System.Text.Encoding.UTF8.GetBytes(config));
        string manifest = registry.AddManifest(
            "inner", MediaTypes.OciManifest,
            $$$"""{"schemaVersion":2,"mediaType":"{{{MediaTypes.OciManifest}}}","config":{"mediaType":"{{{MediaTypes.OciConfig}}}","digest":"{{{configDigest}}}","size":{{{config.Length}}}},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{{layerDigest}}}","size":{{{layer.Length}}}}]}""");
        string index = registry.AddManifest(
            "1", MediaTypes.OciIndex,
            $$$"""{"schemaVersion":2,"mediaType":"{{{MediaTypes.OciIndex}}}","manifests":[{"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"sha256:{{{new string('0', 64)}}}","size":2,"platform":{"architecture":"s390x","os":"linux"}},{"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"{{{manifest}}}","size":2,"platform":{"architecture":"{{{PlatformMatcher.Machine.Architecture}}}","os":"linux"}}]}""");
        registry.BreaksOffAfter = 300_000;
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        var steps = new List<string>();
        LocalImage image = await node.Agent.Local.PullImageAsync($"{registry.Domain}/team/app:1", "", null, s => steps.Add(s.Status), limit.Token);
        Assert.Equal(configDigest, image.Id);
        Assert.Equal(index, image.TargetDigest);
        Assert.Equal(["s390x", PlatformMatcher.Machine.Architecture], (await node.Agent.Local.FindVersionAsync($"{registry.Domain}/team/app:1", null, limit.Token)).Platforms.Select(p => p.Architecture));
        Assert.Equal("Pulling from team/app", steps[0]);
        Assert.Equal(["Pulling fs layer", "Download complete", "Extracting", "Pull complete"], steps.Where(s => s != "Downloading" && s != steps[0] && !s.Contains(':', StringComparison.Ordinal)));
        Assert.EndsWith($"Status: Downloaded newer image for {registry.Domain}/team/app:1", steps[^1]);
    }

    [Fact]
    public async Task Imported_archive_runs_with_its_changes()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon, withImage: false);
        ContainerEngine local = node.Agent.Local;
        string id = await local.ImportImageAsync(new MemoryStream(TestImage.Busybox()), "made:1", "", ["CMD [\"/bin/sh\",\"-c\",\"echo $HELLO\"]", "ENV HELLO=\"good day\" X=1", "EXPOSE 80", "LABEL a=b"], limit.Token);
        LocalImage image = await local.InspectImageAsync("made:1", limit.Token);
        Assert.Equal(id, image.Id);
        Assert.Equal(["HELLO=good day", "X=1"], image.Settings.Env);
        Assert.Equal(["80/tcp"], image.Settings.ExposedPorts);
        SwarmTask task = node.Shell("", c => c with { Image = "made:1", Command = [] });
        node.Manager.Put(task);
        await node.Manager.WaitAsync(task.Id, TaskState.Complete);
        Assert.Equal(["good day"], await node.OutputAsync(task.Id));
    }

    [Fact]
    public async Task Image_whose_name_goes_to_another_is_kept_nameless_until_pruned()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        ContainerEngine local = node.Agent.Local;
        string old = (await local.InspectImageAsync("busy:1", limit.Token)).Id;
        await local.ImportImageAsync(new MemoryStream(TestImage.Busybox()), "busy:1", "", [], limit.Token);
        LocalImage kept = Assert.Single(await local.ListImagesAsync(limit.Token), i => i.Id == old);
        Assert.Empty(kept.Tags);
        ImageRemoval pruned = await local.PruneImagesAsync(all: false, _ => true, limit.Token);
        Assert.Equal([old], pruned.Deleted);
        Assert.Single(await local.ListImagesAsync(limit.Token));
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
