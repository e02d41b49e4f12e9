using System.Net;
using System.Net.Http.Headers;

namespace Skep.Engine.Images;

/// <summary>Brings one image of this node to a registry: layers it lacks, the config, the manifest under the name.</summary>
/// <remarks>Source: opencontainers/distribution-spec:spec.md, Push.</remarks>
internal sealed class RegistryPush(RegistryClient registry, ContentStore content, Action<ImageProgress> progress)
{
    private const long ProgressEveryBytes = 512 * 1024;

    /// <exception cref="ClusterException">The registry refuses.</exception>
    public async Task RunAsync(ImageContents image, CancellationToken ct)
    {
        Descriptor[] layers = [.. image.Layers.DistinctBy(l => l.Digest)];
        foreach (Descriptor layer in layers)
        {
            progress(new ImageProgress(Digest.Short(layer.Digest), "Preparing"));
        }

        foreach (Descriptor layer in layers)
        {
            await PushBlobAsync(layer, Digest.Short(layer.Digest), ct);
        }

        await PushBlobAsync(image.Config, id: null, ct);

        byte[] manifest = await content.ReadSmallAsync(image.Manifest.Digest, ct);
        using HttpResponseMessage answer = await registry.SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Put, registry.AddressOf($"manifests/{registry.Reference.Selector}")) { Content = new ByteArrayContent(manifest) };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue(image.Manifest.MediaType);
                return request;
            },
            ct);
        progress(new ImageProgress(registry.Reference.Selector, $"digest: {image.Manifest.Digest} size: {manifest.Length}"));
    }

    /// <param name="id">For progress; null: not worth telling.</param>
    private async Task PushBlobAsync(Descriptor blob, string? id, CancellationToken ct)
    {
        using (HttpResponseMessage found = await registry.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Head, registry.AddressOf($"blobs/{blob.Digest}")), ct, HttpStatusCode.NotFound))
        {
            if (found.IsSuccessStatusCode)
            {
                Tell("Layer already exists");
                return;
            }
        }

        Uri upload;
        using (HttpResponseMessage begun = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, registry.AddressOf("blobs/uploads/")), ct))
        {
            Uri location = begun.Headers.Location ?? throw new ClusterException(ErrorKind.Unavailable, $"{registry.Description} names no place to upload to");
            upload = location.IsAbsoluteUri ? location : new Uri(registry.Root, location);
        }

        string separator = upload.Query.Length > 0 ? "&" : "?";
        var target = new Uri($"{upload}{separator}digest={Uri.EscapeDataString(blob.Digest)}");
        using HttpResponseMessage stored = await registry.SendAsync(
            () =>
            {
                long told = 0;
                var body = new BlobStream(content, blob, sent =>
                {
                    if (sent - told < ProgressEveryBytes && sent != blob.Size)
                    {
                        return;
                    }

                    told = sent;
                    Tell("Pushing", sent);
                }, ct);
                var request = new HttpRequestMessage(HttpMethod.Put, target) { Content = new StreamContent(body) };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                request.Content.Headers.ContentLength = blob.Size;
                return request;
            },
            ct);
        Tell("Pushed");

        void Tell(string status, long sent = 0)
        {
            if (id is not null)
            {
                progress(new ImageProgress(id, status, sent, sent > 0 ? blob.Size : 0));
            }
        }
    }
}
