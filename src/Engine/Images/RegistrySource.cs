using System.Net;
using System.Net.Http.Headers;

namespace Skep.Engine.Images;

/// <summary>One image of a registry.</summary>
/// <remarks>Source: opencontainers/distribution-spec:spec.md, Pull.</remarks>
internal sealed class RegistrySource(RegistryClient registry) : IImageSource
{
    public string Description => registry.Description;

    public async Task<Descriptor> ResolveAsync(CancellationToken ct)
    {
        using HttpResponseMessage answer = await SendAsync($"manifests/{registry.Reference.Selector}", 0, manifest: true, ct);
        byte[] bytes = await BoundedContent.ReadAsync(answer.Content, $"the manifest of {registry.Reference.FamiliarName}", ct);
        string digest = Digest.Of(bytes);
        if (registry.Reference.Digest is not null && registry.Reference.Digest != digest)
        {
            throw ClusterException.Invalid($"manifest verification failed for digest {registry.Reference.Digest}");
        }

        return new Descriptor { MediaType = answer.Content.Headers.ContentType?.MediaType ?? "", Digest = digest, Size = bytes.Length };
    }

    public async Task<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        bool manifest = MediaTypes.IsIndex(blob.MediaType) || MediaTypes.IsManifest(blob.MediaType);
        HttpResponseMessage answer = await SendAsync($"{(manifest ? "manifests" : "blobs")}/{blob.Digest}", offset, manifest, ct);
        Stream stream = await answer.Content.ReadAsStreamAsync(ct);
        if (offset > 0 && answer.StatusCode != HttpStatusCode.PartialContent)
        {
            await SkipAsync(stream, offset, ct);
        }

        return stream;
    }

    /// <summary>A registry that knows no ranges sends everything again.</summary>
    private static async Task SkipAsync(Stream stream, long bytes, CancellationToken ct)
    {
        byte[] buffer = new byte[64 * 1024];
        while (bytes > 0)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, bytes)), ct);
            if (read == 0)
            {
                return;
            }

            bytes -= read;
        }
    }

    private Task<HttpResponseMessage> SendAsync(string path, long offset, bool manifest, CancellationToken ct) => registry.SendAsync(
        () =>
        {
            var request = new HttpRequestMessage(HttpMethod.Get, registry.AddressOf(path));
            if (manifest)
            {
                request.Headers.TryAddWithoutValidation("Accept", string.Join(", ", MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerList, MediaTypes.DockerManifest));
            }

            if (offset > 0)
            {
                request.Headers.Range = new RangeHeaderValue(offset, null);
            }

            return request;
        },
        ct);
}
