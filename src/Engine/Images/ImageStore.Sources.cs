using System.Diagnostics;
using Grpc.Core;

namespace Skep.Engine.Images;

/// <summary>How images come in: from peers, registries and archives.</summary>
internal sealed partial class ImageStore
{
    private const int PeersTried = 3;

    /// <summary>Fetches from the registry whether or not the image is here.</summary>
    /// <param name="platform">Null: this machine's.</param>
    public async Task<StoredImage> PullAsync(string name, Platform? platform, RegistryCredentials? credentials, Action<ImageProgress> progress, CancellationToken ct)
    {
        ImageReference reference = ImageReference.Parse(name);
        string? before = (await FindByNameAsync(reference.FullName, ct))?.Target.Digest;
        bool hasBegun = false;
        StoredImage image = await FetchFromRegistryAsync(
            reference, platform, credentials,
            step =>
            {
                Begin();
                progress(step);
            },
            ct);
        Begin();
        progress(new ImageProgress("", $"Digest: {image.Target.Digest}"));
        string what = before == image.Target.Digest ? "Image is up to date" : "Downloaded newer image";
        progress(new ImageProgress("", $"Status: {what} for {reference.FamiliarName}"));
        return image;

        // Not before the registry has the image: until then a failure is an answer of its own.
        void Begin()
        {
            if (!hasBegun)
            {
                progress(new ImageProgress(reference.Selector, $"Pulling from {reference.Path}"));
            }

            hasBegun = true;
        }
    }

    /// <summary>What a name stands for in its registry now; nothing is fetched.</summary>
    public Task<ImageVersion> ResolveAtRegistryAsync(ImageReference reference, RegistryCredentials? credentials, CancellationToken ct)
        => FromRegistryAsync(reference, credentials, source => _fetcher.DescribeAsync(new TimeoutSource(source, _patience, _time), ct), ct);

    /// <summary>Whether the image's own layer was pulled from the repository of that name. (The layers below it may be those of another image.)</summary>
    public async Task<bool> IsFromRegistryAsync(StoredImage image, ImageReference reference, CancellationToken ct)
        => image.Contents.Layers is [.., { } own]
            && (await _content.FindAsync(own.Digest, ct))?.Labels.GetValueOrDefault(SourceLabelOf(reference)) == reference.Path;

    /// <returns>The images with the familiar names they were given; none for an image without a name.</returns>
    public async Task<IReadOnlyList<(StoredImage Image, IReadOnlyList<string> Names)>> LoadAsync(Stream stream, CancellationToken ct)
    {
        using ImageArchive archive = await ImageArchive.ExtractAsync(stream, NewStagingPath(), ct);
        var loaded = new List<(StoredImage, IReadOnlyList<string>)>();
        foreach ((IImageSource source, IReadOnlyList<string> names) in await archive.ReadImagesAsync(ct))
        {
            ImageReference[] references = [.. names.Select(ImageReference.Parse)];
            loaded.Add((await AddAsync(source, references, ct), [.. references.Select(r => r.FamiliarName)]));
        }

        return loaded;
    }

    /// <summary>Takes an image from a source that is at hand and gives it these names; without any it is a nameless image.</summary>
    public async Task<StoredImage> AddAsync(IImageSource source, IReadOnlyList<ImageReference> names, CancellationToken ct)
    {
        (Descriptor target, ImageContents contents) = await _fetcher.FetchAsync(
            source, new FetchOptions(),
            async (found, token) =>
            {
                foreach (ImageReference reference in names)
                {
                    await NameAsync(reference.FullName, found, token);
                }
                // Nothing else would hold an image without a name.
                if (names.Count == 0)
                {
                    await NameAsync(NamelessOf(found.Digest), found, token);
                }
            },
            ct);
        _contents[target.Digest] = contents;
        return new StoredImage(names.Count > 0 ? names[0].FullName : NamelessOf(target.Digest), target, contents, _time.GetUtcNow());
    }

    /// <summary>A directory that is not there yet, below the store's own.</summary>
    public string NewStagingPath() => Path.GetFullPath(Path.Combine(_stagingDirectory, _ids.Next()));

    /// <summary>The label of layers that says which repository of a registry has them; containerd's own clients set it too.</summary>
    private static string SourceLabelOf(ImageReference reference) => $"containerd.io/distribution.source.{reference.Domain}";

    private async Task<StoredImage> FetchFromAnywhereAsync(ImageReference reference, RegistryCredentials? credentials, string key, CancellationToken ct)
    {
        try
        {
            var reasons = new List<string> { "not on this node" };
            if (await FetchFromPeersAsync(reference, reasons, ct) is { } fetched)
            {
                return fetched;
            }

            try
            {
                return await FetchFromRegistryAsync(reference, platform: null, credentials, _ => { }, ct);
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

    private async Task<StoredImage?> FetchFromPeersAsync(ImageReference reference, List<string> reasons, CancellationToken ct)
    {
        var failed = new List<string>();
        while (failed.Count < PeersTried)
        {
            IImageSource? peer = await _peers.FindAsync(reference, failed, ct);
            if (peer is null)
            {
                break;
            }

            try
            {
                return await TakeAsync(peer, reference, new FetchOptions(), ct);
            }
            catch (Exception e) when (e is ClusterException or IOException or RpcException && !ct.IsCancellationRequested)
            {
                failed.Add(peer.Description);
                reasons.Add($"{peer.Description}: {e.Message}");
            }
        }

        if (failed.Count == 0)
        {
            reasons.Add(reference.Digest is null ? "no manager has it" : "no other node has it");
        }

        return null;
    }

    private Task<StoredImage> FetchFromRegistryAsync(
        ImageReference reference, Platform? platform, RegistryCredentials? credentials, Action<ImageProgress> progress, CancellationToken ct)
    {
        FetchOptions wishes = new FetchOptions { DistributionLabel = $"{SourceLabelOf(reference)}={reference.Path}", Platform = platform, Progress = progress };
        return FromRegistryAsync(reference, credentials, source => TakeAsync(source, reference, wishes, ct), ct);
    }

    /// <summary>Asks the mirrors and the registry of an image, one after another.</summary>
    /// <exception cref="ClusterException">None could give it; what the last one said.</exception>
    private async Task<T> FromRegistryAsync<T>(ImageReference reference, RegistryCredentials? credentials, Func<IImageSource, Task<T>> take, CancellationToken ct)
    {
        ClusterException? last = null;
        foreach (IImageSource source in await _registries.FindAsync(reference, credentials, ct))
        {
            try
            {
                return await take(source);
            }
            catch (HttpRequestException e)
            {
                last = new ClusterException(ErrorKind.Unavailable, RegistryClientFactory.Explain(source.Description, e), e);
            }
            catch (SourceStalledException e)
            {
                last = new ClusterException(ErrorKind.Unavailable, e.Message, e);
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

    private async Task<StoredImage> TakeAsync(IImageSource source, ImageReference reference, FetchOptions wishes, CancellationToken ct)
    {
        string from = wishes.DistributionLabel is null ? "peer" : "registry";
        using Activity? trace = EngineMetrics.Traces.StartActivity($"fetch image from {from}");
        trace?.SetTag("image", reference.FamiliarName);
        long began = _time.GetTimestamp();
        bool done = false;
        try
        {
            (Descriptor target, ImageContents contents) = await _fetcher.FetchAsync(
                new TimeoutSource(source, _patience, _time), wishes, (found, token) => NameAsync(reference.FullName, found, token), ct);
            _contents[target.Digest] = contents;
            done = true;
            return new StoredImage(reference.FullName, target, contents, _time.GetUtcNow());
        }
        finally
        {
            EngineMetrics.ImageFetched(from, done, _time.GetElapsedTime(began));
        }
    }
}
