using System.Text.Json;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Skep.Engine.Containerd;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Images;

/// <summary>How an image is to be fetched.</summary>
internal sealed record FetchOptions
{
    /// <summary>Label of layers, <c>key=value</c>, that says which registry has them.</summary>
    public string? DistributionLabel { get; init; }

    /// <summary>Null: this machine's.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Called in order, not concurrently.</summary>
    public Action<ImageProgress> Progress { get; init; } = static _ => { };
}

/// <summary>Takes an image from a source into containerd: blobs, labels that keep them, snapshots.</summary>
internal sealed class ImageFetcher(ContainerdClient client, string snapshotter, Unpacker unpacker, int concurrentDownloads, IdSource ids, TimeProvider time)
{
    private static readonly TimeSpan LeaseLifetime = TimeSpan.FromHours(24);

    // Polly, not a channel's policy: what is repeated is a transfer that goes on where it broke off, over HTTP or gRPC.
    private readonly ResiliencePipeline _retry = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            // What was stored stays: the next attempt asks for the rest.
            ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<IOException>(static e => e is not SourceStalledException)
                .Handle<ClusterException>(e => e.Kind == ErrorKind.Unavailable || e.Message.Contains(" ended after ", StringComparison.Ordinal)),
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromMilliseconds(250),
            MaxRetryAttempts = 4,
        })
        .Build();

    /// <summary>Fetches and unpacks; then <paramref name="name"/> is called while everything is still held.</summary>
    /// <returns>What the name is to point to, and what this platform gets.</returns>
    public async Task<(Descriptor Target, ImageContents Contents)> FetchAsync(
        IImageSource source, FetchOptions wishes, Func<Descriptor, CancellationToken, Task> name, CancellationToken ct)
    {
        string lease = $"skep-fetch-{ids.Next()}";
        var create = new Cd.CreateLeaseRequest { Id = lease };
        create.Labels.Add("containerd.io/gc.expire", time.GetUtcNow().Add(LeaseLifetime).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        await client.Leases.CreateAsync(create, cancellationToken: ct);
        try
        {
            ContainerdClient held = client.Under(lease);
            (Descriptor target, ImageContents contents, IReadOnlySet<string> present) = await FetchBlobsAsync(source, new ContentStore(held), wishes, ct);
            // What runs on another machine is kept, not unpacked to be run here.
            if (wishes.Platform is null || wishes.Platform == PlatformMatcher.Machine)
            {
                await unpacker.UnpackAsync(held, contents, (i, done) => TellUnpacked(contents.Layers[i], done), ct);
            }

            await name(target, ct);
            return (target, contents);

            void TellUnpacked(Descriptor layer, bool done)
            {
                if (!present.Contains(layer.Digest))
                {
                    wishes.Progress(done ? new ImageProgress(Digest.Short(layer.Digest), "Pull complete") : new ImageProgress(Digest.Short(layer.Digest), "Extracting", layer.Size, layer.Size));
                }
            }
        }
        finally
        {
            // Not synchronous: the collection that follows need not be waited for.
            await client.Leases.DeleteAsync(new Cd.DeleteLeaseRequest { Id = lease }, cancellationToken: CancellationToken.None).ResponseAsync.SuppressThrowingAsync();
        }
    }

    /// <summary>Reads what a target means for this machine, from blobs that are here.</summary>
    public static async Task<ImageContents> ReadAsync(ContentStore store, Descriptor target, CancellationToken ct)
    {
        Descriptor manifestDescriptor = target;
        ManifestJson manifest = Parse(await store.ReadSmallAsync(target.Digest, ct), target.Digest);
        if (manifest.Manifests is not null)
        {
            manifestDescriptor = PlatformMatcher.Choose(manifest.Manifests, PlatformMatcher.Machine);
            manifest = Parse(await store.ReadSmallAsync(manifestDescriptor.Digest, ct), manifestDescriptor.Digest);
        }

        if (manifest.Config is null)
        {
            throw ClusterException.Invalid($"manifest {manifestDescriptor.Digest} names no config");
        }

        return ImageContents.Read(manifestDescriptor, manifest, await store.ReadSmallAsync(manifest.Config.Digest, ct));
    }

    /// <summary>What a source's image is, without its layers.</summary>
    public async Task<ImageVersion> DescribeAsync(IImageSource source, CancellationToken ct)
    {
        Descriptor target = await source.ResolveAsync(ct);
        byte[] bytes = await ReadVerifiedAsync(source, target, ct);
        ManifestJson manifest = Parse(bytes, target.Digest);
        ValueList<Platform> platforms = manifest switch
        {
            { Manifests: { } entries } => entries.Select(e => e.Platform).OfType<DescriptorPlatform>().Select(p => new Platform(p.Architecture, p.Os)).Distinct().ToValueList(),
            { Config: { } config } => ImageContents.Read(target, manifest, await ReadVerifiedAsync(source, config, ct)).Json.Platforms,
            _ => throw ClusterException.Invalid($"manifest {target.Digest} names no config"),
        };
        return new ImageVersion(target.Digest, TypeOf(manifest, target.MediaType), bytes.Length, platforms);
    }

    private async Task<(Descriptor, ImageContents, IReadOnlySet<string>)> FetchBlobsAsync(
        IImageSource source, ContentStore store, FetchOptions wishes, CancellationToken ct)
    {
        Descriptor target = await source.ResolveAsync(ct);
        byte[] targetBytes = await ReadVerifiedAsync(source, target, ct);
        ManifestJson parsed = Parse(targetBytes, target.Digest);
        target = target with { MediaType = TypeOf(parsed, target.MediaType), Size = targetBytes.Length };

        Descriptor manifestDescriptor = target;
        byte[] manifestBytes = targetBytes;
        ManifestJson manifest = parsed;
        if (parsed.Manifests is not null)
        {
            manifestDescriptor = PlatformMatcher.Choose(parsed.Manifests, wishes.Platform ?? PlatformMatcher.Machine);
            manifestBytes = await ReadVerifiedAsync(source, manifestDescriptor, ct);
            manifest = Parse(manifestBytes, manifestDescriptor.Digest);
            if (wishes.Platform is not null && wishes.Platform != PlatformMatcher.Machine)
            {
                // The name is to stand for what was asked for, whatever this machine is.
                target = manifestDescriptor = new Descriptor { MediaType = TypeOf(manifest, manifestDescriptor.MediaType), Digest = manifestDescriptor.Digest, Size = manifestBytes.Length };
                parsed = manifest;
            }
        }

        if (manifest.Config is null)
        {
            throw ClusterException.Invalid($"manifest {manifestDescriptor.Digest} names no config");
        }

        byte[] configBytes = await ReadVerifiedAsync(source, manifest.Config, ct);
        ImageContents contents = ImageContents.Read(manifestDescriptor, manifest, configBytes);

        if (wishes.Platform is { } wanted && contents.Json.Architecture is { Length: > 0 } architecture && (architecture != wanted.Architecture || contents.Json.Os is { Length: > 0 } os && os != wanted.Os))
        {
            throw new ClusterException(ErrorKind.NotFound, $"image was found but does not provide the specified platform ({wanted.Os}/{wanted.Architecture})");
        }

        IReadOnlySet<string> present = await FetchLayersAsync(source, store, contents, wishes, ct);

        var configLabels = new Dictionary<string, string>();
        if (contents.ChainId.Length > 0)
        {
            configLabels[$"containerd.io/gc.ref.snapshot.{snapshotter}"] = contents.ChainId;
        }

        await store.WriteSmallAsync(manifest.Config.Digest, configBytes, configLabels, ct);
        var manifestLabels = new Dictionary<string, string> { ["containerd.io/gc.ref.content.config"] = manifest.Config.Digest };
        for (int i = 0; i < contents.Layers.Count; i++)
        {
            manifestLabels[$"containerd.io/gc.ref.content.l.{i}"] = contents.Layers[i].Digest;
        }

        await store.WriteSmallAsync(manifestDescriptor.Digest, manifestBytes, manifestLabels, ct);
        if (parsed.Manifests is not null)
        {
            int index = parsed.Manifests.FindIndex(m => m.Digest == manifestDescriptor.Digest);
            await store.WriteSmallAsync(
                target.Digest, targetBytes, new Dictionary<string, string> { [$"containerd.io/gc.ref.content.m.{index}"] = manifestDescriptor.Digest }, ct);
        }

        return (target, contents, present);
    }

    /// <returns>Digests of layers that were here already.</returns>
    private async Task<IReadOnlySet<string>> FetchLayersAsync(IImageSource source, ContentStore store, ImageContents contents, FetchOptions wishes, CancellationToken ct)
    {
        var gate = new Lock();
        var diffIds = contents.DiffIds;
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (string digest in contents.Layers.Select(l => l.Digest).Distinct(StringComparer.Ordinal))
        {
            if (await store.FindAsync(digest, ct) is not null)
            {
                present.Add(digest);
            }
        }

        // An image that is all here is not worth a line a layer.
        foreach (Descriptor layer in present.Count == contents.Layers.DistinctBy(l => l.Digest).Count() ? [] : contents.Layers)
        {
            wishes.Progress(new ImageProgress(Digest.Short(layer.Digest), present.Contains(layer.Digest) ? "Already exists" : "Pulling fs layer"));
        }
        // The same layer may occur twice (empty ones do).
        var layers = contents.Layers.Select((layer, i) => (layer, diffId: diffIds[i])).DistinctBy(l => l.layer.Digest);
        var options = new ParallelOptions { MaxDegreeOfParallelism = concurrentDownloads, CancellationToken = ct };
        await Parallel.ForEachAsync(layers, options, async (item, stop) =>
        {
            (Descriptor layer, string diffId) = item;
            string id = Digest.Short(layer.Digest);
            var labels = new Dictionary<string, string> { ["containerd.io/uncompressed"] = diffId };
            if (wishes.DistributionLabel?.Split('=') is [var key, var value])
            {
                labels[key] = value;
            }

            long told = 0;
            await _retry.ExecuteAsync(
                async token => await store.WriteAsync(
                    layer.Digest, layer.Size, labels, (offset, t) => source.OpenAsync(layer, offset, t),
                    done =>
                    {
                        if (done - told < 512 * 1024 && done != layer.Size)
                        {
                            return;
                        }

                        told = done;
                        if (!present.Contains(layer.Digest))
                        {
                            Tell(new ImageProgress(id, "Downloading", done, layer.Size));
                        }
                    },
                    token),
                stop);
            if (!present.Contains(layer.Digest))
            {
                Tell(new ImageProgress(id, "Download complete"));
            }
        });
        return present;

        void Tell(ImageProgress step)
        {
            lock (gate)
            {
                wishes.Progress(step);
            }
        }
    }

    private async Task<byte[]> ReadVerifiedAsync(IImageSource source, Descriptor blob, CancellationToken ct)
    {
        byte[] bytes = await _retry.ExecuteAsync(
            async token =>
            {
                await using Stream stream = await source.OpenAsync(blob, 0, token);
                return await BoundedContent.ReadAsync(stream, $"{source.Description}: blob {blob.Digest}", token);
            },
            ct);
        return Digest.Of(bytes) == blob.Digest ? bytes : throw ClusterException.Invalid($"{source.Description} gave other bytes than those of {blob.Digest}");
    }

    private static ManifestJson Parse(byte[] bytes, string digest)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, ImageJsonContext.Default.ManifestJson) ?? throw ClusterException.Invalid($"manifest {digest} is empty");
        }
        catch (JsonException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"manifest {digest} is not valid: {e.Message}", e);
        }
    }

    private static string TypeOf(ManifestJson manifest, string told) => manifest switch
    {
        { MediaType.Length: > 0 } => manifest.MediaType,
        { Manifests: not null } => MediaTypes.IsIndex(told) ? told : MediaTypes.OciIndex,
        _ => MediaTypes.IsManifest(told) ? told : MediaTypes.OciManifest,
    };
}
