using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Skep.Worker.Containerd;
using Skep.Worker.Local;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Worker.Images;

/// <summary>The images of this node: names in containerd, what they hold, and how new ones come in.</summary>
internal sealed class ImageStore : IDisposable
{
    private readonly ContainerdClient _client;
    private readonly ContentStore _content;
    private readonly Unpacker _unpacker;
    private readonly ImageFetcher _fetcher;
    private readonly Registries _registries;
    private readonly IPeerImageSource _peers;
    private readonly string _stagingDirectory;
    private readonly IdSource _ids;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, ImageContents> _contents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<StoredImage>>> _coming = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ended = new();

    public ImageStore(ContainerdClient client, WorkerOptions options, IPeerImageSource peers, IdSource ids, TimeProvider time)
    {
        _client = client;
        _content = new ContentStore(client);
        _unpacker = new Unpacker(options.Snapshotter, ids);
        _fetcher = new ImageFetcher(client, options.Snapshotter, _unpacker, options.ConcurrentDownloads, ids, time);
        _registries = new Registries(options.InsecureRegistries, options.RegistryMirrors);
        _peers = peers;
        _stagingDirectory = Path.Combine(options.DataDirectory, "staging");
        _ids = ids;
        _time = time;
        if (Directory.Exists(_stagingDirectory))
            Directory.Delete(_stagingDirectory, recursive: true);
    }

    public ContentStore Content => _content;

    /// <summary>Every name with what it holds. Names whose blobs are incomplete are left out.</summary>
    public async Task<IReadOnlyList<StoredImage>> ListAsync(CancellationToken ct)
    {
        Cd.ListImagesReply reply = await _client.Images.ListAsync(new Cd.ListImagesRequest(), cancellationToken: ct);
        var images = new List<StoredImage>();
        foreach (Cd.NamedImage image in reply.Images)
        {
            if (await ReadAsync(image, ct) is { } stored)
                images.Add(stored);
        }

        return images;
    }

    /// <summary>An image by name, by digest of its target, or by (a prefix of) its id; null when it is not here.</summary>
    public async Task<StoredImage?> FindAsync(string name, CancellationToken ct)
    {
        ImageReference? reference = ImageReference.TryParse(name, out _);
        if (reference is not null && await FindByNameAsync(reference.FullName, ct) is { } byName)
            return byName;
        string id = name.StartsWith("sha256:", StringComparison.Ordinal) ? name["sha256:".Length..] : name;
        bool mayBeId = id.Length is >= 4 and <= 64 && Digest.IsHexadecimal(id);
        if (!mayBeId && reference?.Digest is null)
            return null;
        foreach (StoredImage image in await ListAsync(ct))
        {
            if (reference?.Digest is not null && image.Target.Digest == reference.Digest)
                return image;
            if (mayBeId && (image.Contents.Config.Digest.AsSpan("sha256:".Length).StartsWith(id) || image.Target.Digest.AsSpan("sha256:".Length).StartsWith(id)))
                return image;
        }

        return null;
    }

    /// <summary>An image for a task: what is here, else what another node has, else what the registry gives. Asked for by many, fetched once.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/> <c>No such image: x:latest</c>, with what each source said.</exception>
    public async Task<StoredImage> EnsureAsync(string name, RegistryCredentials? credentials, CancellationToken ct)
    {
        ImageReference? reference = ImageReference.TryParse(name, out string error);
        if (await FindAsync(name, ct) is { } local)
            return local;
        if (reference is null)
            throw ClusterException.Invalid(error);
        Lazy<Task<StoredImage>> coming = _coming.GetOrAdd(
            reference.FullName, key => new Lazy<Task<StoredImage>>(() => Task.Run(() => FetchFromAnywhereAsync(reference, credentials, key, _ended.Token), _ended.Token)));
        return await coming.Value.WaitAsync(ct);
    }

    /// <summary>Fetches from the registry whether or not the image is here.</summary>
    public async Task<StoredImage> PullAsync(string name, RegistryCredentials? credentials, Action<ImageProgress> progress, CancellationToken ct)
    {
        ImageReference reference = ImageReference.Parse(name);
        string? before = (await FindByNameAsync(reference.FullName, ct))?.Target.Digest;
        progress(new ImageProgress(reference.Selector, $"Pulling from {(reference.Domain == ImageReference.DockerHub ? reference.Path : reference.FamiliarRepository)}"));
        StoredImage image = await FetchFromRegistryAsync(reference, credentials, progress, ct);
        progress(new ImageProgress("", $"Digest: {image.Target.Digest}"));
        string what = before == image.Target.Digest ? "Image is up to date" : "Downloaded newer image";
        progress(new ImageProgress("", $"Status: {what} for {reference.FamiliarName}"));
        return image;
    }

    /// <returns>Familiar names, or ids of images without one.</returns>
    public async Task<ValueList<string>> LoadAsync(Stream stream, CancellationToken ct)
    {
        using ImageArchive archive = await ImageArchive.ExtractAsync(stream, Path.GetFullPath(Path.Combine(_stagingDirectory, _ids.Next())), ct);
        var loaded = new List<string>();
        foreach ((IImageSource source, IReadOnlyList<string> names) in await archive.ReadImagesAsync(ct))
        {
            ImageReference[] references = [.. names.Select(ImageReference.Parse)];
            (Descriptor target, ImageContents contents) = await _fetcher.FetchAsync(
                source, distributionLabel: null, _ => { },
                async (found, token) =>
                {
                    foreach (ImageReference reference in references)
                        await NameAsync(reference.FullName, found, token);
                    // Nothing else would hold an image without a name.
                    if (references.Length == 0)
                        await NameAsync($"{ImageReference.DockerHub}/library/unnamed@{found.Digest}", found, token);
                },
                ct);
            _contents[target.Digest] = contents;
            loaded.AddRange(references.Length == 0 ? [contents.Config.Digest] : references.Select(r => r.FamiliarName));
        }

        return loaded.ToValueList();
    }

    /// <summary>Makes the layers of an image ready again if they were lost.</summary>
    public async Task UnpackAsync(StoredImage image, CancellationToken ct)
    {
        await _unpacker.UnpackAsync(_client, image.Contents, (_, _) => { }, ct);
        await _content.LabelAsync(image.Contents.Config.Digest, new Dictionary<string, string>(), ct);
    }

    public Task TagAsync(StoredImage image, ImageReference name, CancellationToken ct) => NameAsync(name.FullName, image.Target, ct);

    /// <summary>Removes a name; what no other name needs is collected.</summary>
    public async Task RemoveNameAsync(string fullName, CancellationToken ct)
    {
        try
        {
            await _client.Images.DeleteAsync(new Cd.DeleteImageRequest { Name = fullName, Sync = true }, cancellationToken: ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return;
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
        _registries.Dispose();
    }

    private async Task<StoredImage?> FindByNameAsync(string fullName, CancellationToken ct)
    {
        try
        {
            Cd.GetImageReply reply = await _client.Images.GetAsync(new Cd.GetImageRequest { Name = fullName }, cancellationToken: ct);
            return await ReadAsync(reply.Image, ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task<StoredImage?> ReadAsync(Cd.NamedImage image, CancellationToken ct)
    {
        var target = new Descriptor { MediaType = image.Target.MediaType, Digest = image.Target.Digest, Size = image.Target.Size };
        if (!_contents.TryGetValue(target.Digest, out ImageContents? contents))
        {
            try
            {
                contents = await ImageFetcher.ReadAsync(_content, target, ct);
            }
            catch (ClusterException)
            {
                // Incomplete or of another platform: not an image this node can run.
                return null;
            }

            _contents[target.Digest] = contents;
        }

        return new StoredImage(image.Name, target, contents, image.UpdatedAt?.ToDateTimeOffset() ?? _time.GetUtcNow());
    }

    private async Task<StoredImage> FetchFromAnywhereAsync(ImageReference reference, RegistryCredentials? credentials, string key, CancellationToken ct)
    {
        try
        {
            var reasons = new List<string> { "not on this node" };
            try
            {
                if (await _peers.FindAsync(reference, ct) is { } peer)
                    return await TakeAsync(peer, reference, distributionLabel: null, _ => { }, ct);
                reasons.Add("no other node has it");
            }
            catch (Exception e) when (e is ClusterException or IOException or RpcException)
            {
                reasons.Add($"another node: {e.Message}");
            }

            try
            {
                return await FetchFromRegistryAsync(reference, credentials, _ => { }, ct);
            }
            catch (ClusterException e)
            {
                reasons.Add(e.Message);
                throw new ClusterException(ErrorKind.NotFound, $"No such image: {reference.FamiliarName} ({string.Join("; ", reasons)})", e);
            }
        }
        finally
        {
            _coming.TryRemove(key, out _);
        }
    }

    private async Task<StoredImage> FetchFromRegistryAsync(ImageReference reference, RegistryCredentials? credentials, Action<ImageProgress> progress, CancellationToken ct)
    {
        ClusterException? last = null;
        foreach (IImageSource source in await _registries.FindAsync(reference, credentials, ct))
        {
            try
            {
                return await TakeAsync(source, reference, $"containerd.io/distribution.source.{reference.Domain}={reference.Path}", progress, ct);
            }
            catch (HttpRequestException e)
            {
                last = new ClusterException(ErrorKind.Unavailable, $"{source.Description}: {(e.InnerException ?? e).Message}", e);
            }
            catch (IOException e)
            {
                last = new ClusterException(ErrorKind.Unavailable, $"{source.Description}: {e.Message}", e);
            }
            catch (ClusterException e)
            {
                last = e;
            }
        }

        throw last ?? ClusterException.NotFound("registry for", reference.FamiliarName);
    }

    private async Task<StoredImage> TakeAsync(IImageSource source, ImageReference reference, string? distributionLabel, Action<ImageProgress> progress, CancellationToken ct)
    {
        (Descriptor target, ImageContents contents) = await _fetcher.FetchAsync(source, distributionLabel, progress, (found, token) => NameAsync(reference.FullName, found, token), ct);
        _contents[target.Digest] = contents;
        return new StoredImage(reference.FullName, target, contents, _time.GetUtcNow());
    }

    private async Task NameAsync(string fullName, Descriptor target, CancellationToken ct)
    {
        var image = new Cd.NamedImage { Name = fullName, Target = new Cd.ContentDescriptor { MediaType = target.MediaType, Digest = target.Digest, Size = target.Size } };
        try
        {
            await _client.Images.CreateAsync(new Cd.CreateImageRequest { Image = image }, cancellationToken: ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            await _client.Images.UpdateAsync(new Cd.UpdateImageRequest { Image = image, UpdateMask = new FieldMask { Paths = { "target" } } }, cancellationToken: ct);
        }
    }
}
