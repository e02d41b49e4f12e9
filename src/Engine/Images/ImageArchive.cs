using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Skep.Engine.Files;

namespace Skep.Engine.Images;

/// <summary>The archive of <c>docker save</c>, unpacked to a directory: an OCI layout, or the older one with manifest.json.</summary>
internal sealed class ImageArchive : IDisposable
{
    /// <summary>Of links to links, as the kernel counts them.</summary>
    private const int MostHops = 40;

    private const string NoArchive = "invalid archive: what was sent is not the archive of an image; that is a tar file, gzip or not, as 'docker save' and 'skep image save' write it";

    private readonly string _directory;
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    /// <summary>No entry was read yet: what comes is perhaps no archive at all.</summary>
    private bool _isEmpty = true;

    private ImageArchive(string directory) => _directory = directory;

    /// <param name="directory">A new directory, removed by <see cref="Dispose"/>.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: not such an archive.</exception>
    public static async Task<ImageArchive> ExtractAsync(Stream stream, string directory, CancellationToken ct)
    {
        Directory.CreateDirectory(directory);
        var archive = new ImageArchive(directory);
        try
        {
            await archive.ExtractAsync(stream, ct);
            return archive;
        }
        catch (Exception e) when (ArchiveErrors.IsOfTheArchive(e))
        {
            archive.Dispose();
            throw new ClusterException(ErrorKind.InvalidArgument, archive._isEmpty ? NoArchive : $"invalid archive: {e.Message}", e);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <summary>The images in it: a source for each, and the names they are to have.</summary>
    public async Task<IReadOnlyList<(IImageSource Source, IReadOnlyList<string> Names)>> ReadImagesAsync(CancellationToken ct)
    {
        string indexPath = Path.Combine(_directory, "index.json");
        string savedPath = Path.Combine(_directory, "manifest.json");
        List<SavedImageJson>? saved = File.Exists(savedPath) ? await ReadAsync(savedPath, ImageJsonContext.Default.ListSavedImageJson, ct) : null;
        if (File.Exists(indexPath) && File.Exists(Path.Combine(_directory, "oci-layout")))
        {
            ManifestJson index = await ReadAsync(indexPath, ImageJsonContext.Default.ManifestJson, ct);
            var images = new List<(IImageSource, IReadOnlyList<string>)>();
            foreach (IGrouping<string, Descriptor> entry in (index.Manifests ?? []).GroupBy(d => d.Digest))
            {
                images.Add((new LayoutSource(this, entry.First()), [.. entry.Select(NameOf).OfType<string>()]));
            }

            if (images.Any(i => i.Item2.Count > 0) || saved is null)
            {
                return images;
            }
        }

        if (saved is null)
        {
            throw ClusterException.Invalid($"{NoArchive} (neither manifest.json nor an OCI layout is in it)");
        }

        var result = new List<(IImageSource, IReadOnlyList<string>)>();
        foreach (SavedImageJson? image in saved)
        {
            if (image is not { Config: not null, Layers: not null } || image.Layers.Contains(null!))
            {
                throw ClusterException.Invalid("invalid archive: an image in manifest.json names no config or no layers");
            }

            result.Add((await SavedSource.ReadAsync(this, image, ct), image.RepoTags ?? []));
        }

        return result;
    }

    private static async Task<T> ReadAsync<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(await File.ReadAllBytesAsync(path, ct), type) ?? throw ClusterException.Invalid($"invalid archive: {Path.GetFileName(path)} is empty");
        }
        catch (JsonException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"invalid archive: {Path.GetFileName(path)} cannot be read: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static string? NameOf(Descriptor entry)
    {
        if (entry.Annotations is null)
        {
            return null;
        }

        if (entry.Annotations.TryGetValue("io.containerd.image.name", out string? full))
        {
            return full;
        }

        return entry.Annotations.TryGetValue("org.opencontainers.image.ref.name", out string? name) && name.Contains('/', StringComparison.Ordinal) ? name : null;
    }

    private async Task ExtractAsync(Stream stream, CancellationToken ct)
    {
        await using var buffered = new BufferedStream(stream, 64 * 1024);
        byte[] magic = new byte[2];
        int read = await buffered.ReadAtLeastAsync(magic, 2, throwOnEndOfStream: false, ct);
        await using Stream whole = new PrefixedStream(magic.AsMemory(0, read), buffered);
        await using Stream plain = read == 2 && magic is [0x1f, 0x8b] ? new GZipStream(whole, CompressionMode.Decompress) : whole;
        await using var tar = new TarReader(plain);
        while (await tar.GetNextEntryAsync(copyData: false, ct) is { } entry)
        {
            _isEmpty = false;
            string? path = SafePath(entry.Name);
            if (path is null)
            {
                throw ClusterException.Invalid($"invalid archive: entry {entry.Name} leads out of it");
            }

            try
            {
                await TakeAsync(entry, path, ct);
            }
            catch (Exception e) when (ArchiveErrors.IsOfTheEntry(e))
            {
                throw ArchiveErrors.Of(entry.Name, e);
            }
        }
    }

    private async Task TakeAsync(TarEntry entry, string path, CancellationToken ct)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                _links.Remove(path);
                await using (FileStream file = File.Create(path))
                {
                    if (entry.DataStream is not null)
                    {
                        await entry.DataStream.CopyToAsync(file, ct);
                    }
                }

                break;
            case TarEntryType.SymbolicLink:
                // Older savers link equal layers to one another. One that leads out is an error only where it is used.
                string target = entry.LinkName.StartsWith('/') ? entry.LinkName : Path.Combine(Path.GetRelativePath(_directory, Path.GetDirectoryName(path)!), entry.LinkName);
                if (SafePath(target) is { } linked)
                {
                    _links[path] = linked;
                }

                break;
            case TarEntryType.HardLink:
                _links[path] = SafePath(entry.LinkName) ?? throw ClusterException.Invalid($"invalid archive: {entry.Name} is a hard link to {entry.LinkName}, which is outside of it");
                break;
        }
    }

    private string? SafePath(string name)
    {
        string path = Path.GetFullPath(Path.Combine(_directory, name.TrimStart('/')));
        return path.StartsWith(_directory + Path.DirectorySeparatorChar, StringComparison.Ordinal) || path == _directory ? path : null;
    }

    private string Find(string name)
    {
        string? path = SafePath(name);
        for (int hops = 0; hops < MostHops && path is not null && _links.TryGetValue(path, out string? linked); hops++)
        {
            path = linked;
        }

        return path is not null && File.Exists(path) ? path : throw ClusterException.Invalid($"invalid archive: {name} is missing");
    }

    private static Stream Open(string path, long offset)
    {
        FileStream file = File.OpenRead(path);
        file.Seek(offset, SeekOrigin.Begin);
        return file;
    }

    /// <summary>An image of an OCI layout: blobs lie under their digests.</summary>
    private sealed class LayoutSource(ImageArchive archive, Descriptor target) : IImageSource
    {
        public string Description => "archive";

        public Task<Descriptor> ResolveAsync(CancellationToken ct) => Task.FromResult(target);

        public Task<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken ct)
            => Digest.IsValid(blob.Digest)
                ? Task.FromResult(Open(archive.Find($"blobs/sha256/{blob.Digest["sha256:".Length..]}"), offset))
                : throw ClusterException.Invalid($"unsupported digest {blob.Digest}");
    }

    /// <summary>An image of the older form, which has no manifest of its own: one is made.</summary>
    private sealed class SavedSource(Descriptor target, byte[] manifest, IReadOnlyDictionary<string, string> files) : IImageSource
    {
        public string Description => "archive";

        public static async Task<SavedSource> ReadAsync(ImageArchive archive, SavedImageJson image, CancellationToken ct)
        {
            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            Descriptor config = await DescribeAsync(archive.Find(image.Config), MediaTypes.DockerConfig);
            var layers = new List<Descriptor>();
            foreach (string layer in image.Layers)
            {
                layers.Add(await DescribeAsync(archive.Find(layer), MediaTypes.DockerLayer));
            }

            byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(
                new ManifestJson { SchemaVersion = 2, MediaType = MediaTypes.DockerManifest, Config = config, Layers = layers }, ImageJsonContext.Default.ManifestJson);
            return new SavedSource(new Descriptor { MediaType = MediaTypes.DockerManifest, Digest = Digest.Of(manifest), Size = manifest.Length }, manifest, files);

            async Task<Descriptor> DescribeAsync(string path, string mediaType)
            {
                await using FileStream file = File.OpenRead(path);
                byte[] magic = new byte[2];
                bool gzip = await file.ReadAtLeastAsync(magic, 2, throwOnEndOfStream: false, ct) == 2 && magic is [0x1f, 0x8b];
                file.Seek(0, SeekOrigin.Begin);
                string digest = "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct));
                files[digest] = path;
                return new Descriptor { MediaType = gzip ? MediaTypes.DockerLayerGzip : mediaType, Digest = digest, Size = file.Length };
            }
        }

        public Task<Descriptor> ResolveAsync(CancellationToken ct) => Task.FromResult(target);

        public Task<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken ct)
        {
            if (blob.Digest == target.Digest)
            {
                return Task.FromResult<Stream>(new MemoryStream(manifest, (int)offset, manifest.Length - (int)offset));
            }

            return files.TryGetValue(blob.Digest, out string? path) ? Task.FromResult(Open(path, offset)) : throw ClusterException.Invalid($"invalid archive: {blob.Digest} is missing");
        }
    }
}
