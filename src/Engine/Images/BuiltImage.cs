using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Skep.Engine.Images;

/// <summary>An image made here from one file system archive: a source that has its manifest, config and layer at hand.</summary>
internal sealed class BuiltImage(byte[] manifest, byte[] config, string configDigest, string layerDigest, string layerPath) : IImageSource
{
    public string Description => "archive";

    /// <summary>An image of one layer.</summary>
    /// <param name="layerPath">A tar archive, gzip or not; kept by the caller while the image is taken in.</param>
    /// <param name="run">How containers of it run.</param>
    public static async Task<BuiltImage> MakeAsync(string layerPath, ImageRunJson run, string comment, DateTimeOffset now, CancellationToken ct)
    {
        (string digest, long size, bool isGzip) = await MeasureAsync(layerPath, ct);
        string diffId = isGzip ? await HashPlainAsync(layerPath, ct) : digest;
        byte[] config = JsonSerializer.SerializeToUtf8Bytes(
            new ImageConfigJson
            {
                Created = now,
                Architecture = PlatformMatcher.Machine.Architecture,
                Os = PlatformMatcher.Machine.Os,
                Config = run,
                Rootfs = new RootfsJson { Type = "layers", DiffIds = [diffId] },
                History = [new HistoryJson { Created = now, Comment = comment }],
            },
            ImageJsonContext.Default.ImageConfigJson);
        var configDescriptor = new Descriptor { MediaType = MediaTypes.DockerConfig, Digest = Images.Digest.Of(config), Size = config.Length };
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(
            new ManifestJson
            {
                SchemaVersion = 2,
                MediaType = MediaTypes.DockerManifest,
                Config = configDescriptor,
                Layers = [new Descriptor { MediaType = isGzip ? MediaTypes.DockerLayerGzip : MediaTypes.DockerLayer, Digest = digest, Size = size }],
            },
            ImageJsonContext.Default.ManifestJson);
        return new BuiltImage(manifest, config, configDescriptor.Digest, digest, layerPath);
    }

    public Task<Descriptor> ResolveAsync(CancellationToken ct)
        => Task.FromResult(new Descriptor { MediaType = MediaTypes.DockerManifest, Digest = Images.Digest.Of(manifest), Size = manifest.Length });

    public Task<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        if (blob.Digest == layerDigest)
        {
            FileStream file = File.OpenRead(layerPath);
            file.Seek(offset, SeekOrigin.Begin);
            return Task.FromResult<Stream>(file);
        }

        byte[] bytes = blob.Digest == configDigest ? config : manifest;
        return Task.FromResult<Stream>(new MemoryStream(bytes, (int)offset, bytes.Length - (int)offset));
    }

    private static async Task<(string Digest, long Size, bool IsGzip)> MeasureAsync(string path, CancellationToken ct)
    {
        await using FileStream file = File.OpenRead(path);
        byte[] magic = new byte[2];
        bool isGzip = await file.ReadAtLeastAsync(magic, 2, throwOnEndOfStream: false, ct) == 2 && magic is [0x1f, 0x8b];
        file.Seek(0, SeekOrigin.Begin);
        return ("sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)), file.Length, isGzip);
    }

    private static async Task<string> HashPlainAsync(string path, CancellationToken ct)
    {
        await using FileStream file = File.OpenRead(path);
        await using var plain = new GZipStream(file, CompressionMode.Decompress);
        return "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(plain, ct));
    }
}
