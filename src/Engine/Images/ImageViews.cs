using System.Collections.Concurrent;
using Grpc.Core;
using Skep.Engine.Containerd;
using Skep.Engine.Native;
using Skep.Engine.Oci;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Images;

/// <summary>Looks into the files of images without running them.</summary>
internal sealed class ImageViews(ContainerdClient client, ImageStore images, string snapshotter, string directory, IdSource ids)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Accounts>>> _accounts = new(StringComparer.Ordinal);

    /// <summary>The users and groups of an image; read once.</summary>
    public async Task<Accounts> AccountsAsync(StoredImage image, CancellationToken ct)
    {
        if (image.ChainId.Length == 0)
        {
            return Accounts.None;
        }

        Lazy<Task<Accounts>> reading = _accounts.GetOrAdd(image.ChainId, _ => new Lazy<Task<Accounts>>(() => Task.Run(() => ReadAccountsAsync(image), CancellationToken.None)));
        try
        {
            return await reading.Value.WaitAsync(ct);
        }
        catch (Exception) when (reading.Value.IsFaulted)
        {
            _accounts.TryRemove(image.ChainId, out _);
            throw;
        }
    }

    /// <summary>The image's files as a directory of the host, to be read only, until disposed.</summary>
    public async Task<View> OpenAsync(StoredImage image, CancellationToken ct)
    {
        string id = ids.Next();
        string key = $"skep-view-{id}";
        Cd.SnapshotMountsReply reply;
        try
        {
            reply = await ViewAsync(key, image.ChainId, ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            await images.UnpackAsync(image, ct);
            reply = await ViewAsync(key, image.ChainId, ct);
        }

        Cd.MountPoint mount = reply.Mounts.Single();
        if (mount.Type == "bind")
        {
            return new View(client, snapshotter, key, mount.Source, mountPoint: null);
        }

        string point = Path.Combine(directory, id);
        Directory.CreateDirectory(point);
        LibC.Mount("overlay", point, mount.Type, LibC.MountReadOnly, string.Join(',', mount.Options.Where(o => o is not ("ro" or "rw"))));
        return new View(client, snapshotter, key, point, point);
    }

    private async Task<Cd.SnapshotMountsReply> ViewAsync(string key, string chainId, CancellationToken ct)
    {
        var request = new Cd.PrepareSnapshotRequest { Snapshotter = snapshotter, Key = key, Parent = chainId };
        // Nothing else refers to it while it is open.
        request.Labels.Add("containerd.io/gc.root", "skep");
        return await client.Snapshots.ViewAsync(request, cancellationToken: ct);
    }

    private async Task<Accounts> ReadAccountsAsync(StoredImage image)
    {
        await using View view = await OpenAsync(image, CancellationToken.None);
        return Accounts.Parse(Read("/etc/passwd"), Read("/etc/group"));

        string Read(string path)
        {
            string file = PathInRoot.Resolve(view.Root, path);
            return File.Exists(file) ? File.ReadAllText(file) : "";
        }
    }

    internal sealed class View(ContainerdClient client, string snapshotter, string key, string root, string? mountPoint) : IAsyncDisposable
    {
        public string Root => root;

        public async ValueTask DisposeAsync()
        {
            if (mountPoint is not null)
            {
                LibC.Detach(mountPoint);
                Directory.Delete(mountPoint);
            }

            await client.Snapshots.RemoveAsync(new Cd.SnapshotKey { Snapshotter = snapshotter, Key = key }, cancellationToken: CancellationToken.None).ResponseAsync.SuppressThrowingAsync();
        }
    }
}
