using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Skep.Engine.Containerd;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Images;

/// <summary>The images of this node: names in containerd, what they hold, and how new ones come in.</summary>
internal sealed partial class ImageStore : IDisposable
{
    private readonly ContainerdClient _client;
    private readonly ContentStore _content;
    private readonly Unpacker _unpacker;
    private readonly ImageFetcher _fetcher;
    private readonly RegistryClientFactory _registries;
    private readonly IPeerImageSource _peers;
    private readonly string _stagingDirectory;
    private readonly TimeSpan _patience;
    private readonly IdSource _ids;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, ImageContents> _contents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<StoredImage>>> _coming = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ended = new();

    public ImageStore(ContainerdClient client, EngineOptions options, IPeerImageSource peers, IdSource ids, TimeProvider time)
    {
        _client = client;
        _content = new ContentStore(client);
        Sizes = new LayerSizes(client, options.Snapshotter);
        _unpacker = new Unpacker(options.Snapshotter, ids);
        _fetcher = new ImageFetcher(client, options.Snapshotter, _unpacker, options.ConcurrentDownloads, ids, time);
        _registries = new RegistryClientFactory(options.InsecureRegistries, options.RegistryMirrors, options.RegistryCertificates);
        _peers = peers;
        _stagingDirectory = Path.Combine(options.DataDirectory, "staging");
        _patience = options.SourcePatience;
        _ids = ids;
        _time = time;
        if (Directory.Exists(_stagingDirectory))
        {
            Directory.Delete(_stagingDirectory, recursive: true);
        }
    }

    public ContentStore Content => _content;

    public LayerSizes Sizes { get; }

    public RegistryClientFactory Registries => _registries;

    /// <summary>The name that holds an image nobody gave one, or whose last name went to another image.</summary>
    public static string NamelessOf(string targetDigest) => $"{ImageReference.DockerHub}/{ImageReference.NamelessPath}@{targetDigest}";

    /// <summary>Every name with what it holds. Names whose blobs are incomplete are left out.</summary>
    public async Task<IReadOnlyList<StoredImage>> ListAsync(CancellationToken ct)
    {
        Cd.ListImagesReply reply = await _client.Images.ListAsync(new Cd.ListImagesRequest(), cancellationToken: ct);
        var images = new List<StoredImage>();
        foreach (Cd.NamedImage image in reply.Images)
        {
            if (await ReadAsync(image, ct) is { } stored)
            {
                images.Add(stored);
            }
        }

        return images;
    }

    /// <summary>An image by name, by digest of its target, or by (a prefix of) its id; null when it is not here.</summary>
    public async Task<StoredImage?> FindAsync(string name, CancellationToken ct)
    {
        ImageReference? reference = ImageReference.TryParse(name, out _);
        if (reference is not null && await FindByNameAsync(reference.FullName, ct) is { } byName)
        {
            return byName;
        }

        string id = name.StartsWith("sha256:", StringComparison.Ordinal) ? name["sha256:".Length..] : name;
        bool mayBeId = id.Length is >= 4 and <= 64 && Digest.IsHexadecimal(id);
        if (!mayBeId && reference?.Digest is null)
        {
            return null;
        }

        foreach (StoredImage image in await ListAsync(ct))
        {
            if (reference?.Digest is not null && image.Target.Digest == reference.Digest)
            {
                return image;
            }

            if (mayBeId && (image.Contents.Config.Digest.AsSpan("sha256:".Length).StartsWith(id) || image.Target.Digest.AsSpan("sha256:".Length).StartsWith(id)))
            {
                return image;
            }
        }

        return null;
    }

    /// <summary>An image for a task: what is here, else what another node has, else what the registry gives. Asked for by many, fetched once.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/> <c>No such image: x:latest</c>, with what each source said.</exception>
    public async Task<StoredImage> EnsureAsync(string name, RegistryCredentials? credentials, CancellationToken ct)
    {
        ImageReference? reference = ImageReference.TryParse(name, out string error);
        if (await FindAsync(name, ct) is { } local)
        {
            return local;
        }

        if (reference is null)
        {
            throw ClusterException.Invalid(error);
        }

        Lazy<Task<StoredImage>> coming = _coming.GetOrAdd(
            reference.FullName, key => new Lazy<Task<StoredImage>>(() => Task.Run(() => FetchFromAnywhereAsync(reference, credentials, key, _ended.Token), _ended.Token)));
        return await coming.Value.WaitAsync(ct);
    }

    /// <summary>Makes the layers of an image ready again if they were lost.</summary>
    public async Task UnpackAsync(StoredImage image, CancellationToken ct)
    {
        await _unpacker.UnpackAsync(_client, image.Contents, (_, _) => { }, ct);
        await _content.LabelAsync(image.Contents.Config.Digest, new Dictionary<string, string>(), ct);
    }

    public Task TagAsync(StoredImage image, ImageReference name, CancellationToken ct) => NameAsync(name.FullName, image.Target, ct);

    /// <summary>Keeps an image whose names all go, without a name.</summary>
    public Task KeepNamelessAsync(StoredImage image, CancellationToken ct) => NameAsync(NamelessOf(image.Target.Digest), image.Target, ct);

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

    private async Task NameAsync(string fullName, Descriptor target, CancellationToken ct)
    {
        var image = new Cd.NamedImage { Name = fullName, Target = new Cd.ContentDescriptor { MediaType = target.MediaType, Digest = target.Digest, Size = target.Size } };
        try
        {
            await _client.Images.CreateAsync(new Cd.CreateImageRequest { Image = image }, cancellationToken: ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            await KeepUntaggedAsync(fullName, target, ct);
            await _client.Images.UpdateAsync(new Cd.UpdateImageRequest { Image = image, UpdateMask = new FieldMask { Paths = { "target" } } }, cancellationToken: ct);
        }
    }

    /// <summary>What a name stood for before stays until it is removed or pruned; a container may have been made from it.</summary>
    private async Task KeepUntaggedAsync(string fullName, Descriptor target, CancellationToken ct)
    {
        Google.Protobuf.Collections.RepeatedField<Cd.NamedImage> all = (await _client.Images.ListAsync(new Cd.ListImagesRequest(), cancellationToken: ct)).Images;
        string? before = all.FirstOrDefault(i => i.Name == fullName)?.Target.Digest;
        if (before is null || before == target.Digest || all.Any(i => i.Name != fullName && i.Target.Digest == before))
        {
            return;
        }

        if (await FindByNameAsync(fullName, ct) is { } image)
        {
            await KeepNamelessAsync(image, ct);
        }
    }
}
