using Skep.Engine.Containerd;
using Skep.Engine.Images;
using Skep.Testing.Containers;

namespace Skep.Engine.Tests;

public sealed class ImageStoreTests
{
    [Fact]
    public async Task Saved_image_is_loaded_listed_and_removed()
    {
        using var ct = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var daemon = new ContainerdProcess();
        using ContainerdClient client = ContainerdClient.Connect(daemon.Socket, "skt", TimeSpan.FromSeconds(20), TimeProvider.System);
        await client.EnsureNamespaceAsync("skt", ct.Token);
        using var store = new ImageStore(client, new EngineOptions { DataDirectory = Path.Combine(daemon.Root, "data") }, new NoPeers(), IdSource.Secure, TimeProvider.System);

        IReadOnlyList<(StoredImage Image, IReadOnlyList<string> Names)> loaded = await store.LoadAsync(new MemoryStream(TestImage.SavedTar("skt/busy:1")), ct.Token);

        Assert.Equal(["skt/busy:1"], Assert.Single(loaded).Names);
        StoredImage image = Assert.Single(await store.ListAsync(ct.Token));
        Assert.Equal("docker.io/skt/busy:1", image.Name);
        Assert.Equal(2, image.Contents.Layers.Count);
        Assert.NotNull(await store.FindAsync(image.Contents.Config.Digest[..19], ct.Token));
        await store.RemoveNameAsync(image.Name, ct.Token);
        Assert.Null(await store.FindAsync("skt/busy:1", ct.Token));
    }
}
