using System.Formats.Tar;
using System.Text;
using System.Text.Json;

namespace Skep.Engine.Images;

/// <summary>Writes images as one archive that is an OCI layout and, by its manifest.json, also what older Dockers read.</summary>
/// <remarks>Source: opencontainers/image-spec:image-layout.md; moby/moby:image/spec/v1.2.md.</remarks>
internal sealed class ImageSaver(ContentStore content, DateTimeOffset now)
{
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <param name="images">Each with the names it is to have in the archive; none for an image asked for by id.</param>
    public async Task WriteAsync(IReadOnlyList<(ImageContents Image, IReadOnlyList<ImageReference> Names)> images, Stream output, CancellationToken ct)
    {
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        foreach (string directory in (string[])["blobs/", "blobs/sha256/"])
        {
            await tar.WriteEntryAsync(Entry(TarEntryType.Directory, directory, null), ct);
        }

        foreach (ImageContents image in images.Select(i => i.Image))
        {
            foreach (Descriptor blob in (IEnumerable<Descriptor>)[.. image.Layers, image.Config, image.Manifest])
            {
                await WriteBlobAsync(tar, blob, ct);
            }
        }

        var index = new ManifestJson { SchemaVersion = 2, MediaType = MediaTypes.OciIndex, Manifests = [.. images.SelectMany(Entries)] };
        await WriteTextAsync(tar, "index.json", JsonSerializer.SerializeToUtf8Bytes(index, ImageJsonContext.Default.ManifestJson), ct);
        await WriteTextAsync(
            tar, "manifest.json",
            JsonSerializer.SerializeToUtf8Bytes(
                [
                    .. images.Select(i => new SavedImageJson
                    {
                        Config = PathOf(i.Image.Config),
                        RepoTags = i.Names.Count == 0 ? null : [.. i.Names.Select(n => n.FamiliarName)],
                        Layers = [.. i.Image.Layers.Select(PathOf)],
                    }),
                ],
                ImageJsonContext.Default.ListSavedImageJson),
            ct);
        await WriteTextAsync(tar, "oci-layout", Encoding.UTF8.GetBytes("""{"imageLayoutVersion":"1.0.0"}"""), ct);
    }

    private static IEnumerable<Descriptor> Entries((ImageContents Image, IReadOnlyList<ImageReference> Names) saved)
    {
        Descriptor manifest = saved.Image.Manifest with { Annotations = null };
        return saved.Names.Count == 0
            ? [manifest]
            : saved.Names.Select(n => manifest with
            {
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["io.containerd.image.name"] = n.FullName,
                    ["org.opencontainers.image.ref.name"] = n.Selector,
                },
            });
    }

    private static string PathOf(Descriptor blob) => $"blobs/sha256/{blob.Digest["sha256:".Length..]}";

    private async Task WriteBlobAsync(TarWriter tar, Descriptor blob, CancellationToken ct)
    {
        if (!_written.Add(blob.Digest))
        {
            return;
        }

        await using var stream = new BlobStream(content, blob, progress: null, ct);
        await tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, PathOf(blob), stream), ct);
    }

    private async Task WriteTextAsync(TarWriter tar, string name, byte[] bytes, CancellationToken ct)
    {
        using var stream = new MemoryStream(bytes);
        await tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, name, stream), ct);
    }

    private PaxTarEntry Entry(TarEntryType type, string name, Stream? data)
    {
        var entry = new PaxTarEntry(type, name) { Mode = type == TarEntryType.Directory ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100, ModificationTime = now };
        if (data is not null)
        {
            entry.DataStream = data;
        }

        return entry;
    }
}
