namespace Skep.Engine.Images;

/// <summary>Reads into memory what a registry or another node sends, as long as it is as small as it has to be.</summary>
internal static class BoundedContent
{
    /// <summary>Of a manifest, an index, a config, a token, an error. Registries take manifests up to this. Source: opencontainers/distribution-spec:spec.md, Pushing Manifests.</summary>
    public const int MostBytes = 4 << 20;

    /// <param name="what">For the error.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: it is larger.</exception>
    public static async Task<byte[]> ReadAsync(Stream stream, string what, CancellationToken ct)
    {
        using var buffer = new MemoryStream();
        byte[] chunk = new byte[16 * 1024];
        while (await stream.ReadAsync(chunk, ct) is int count && count > 0)
        {
            if (buffer.Length + count > MostBytes)
            {
                throw ClusterException.Invalid($"{what} is larger than {MostBytes >> 20} MiB, the most that a manifest or config may have");
            }

            buffer.Write(chunk, 0, count);
        }

        return buffer.ToArray();
    }

    /// <inheritdoc cref="ReadAsync(Stream, string, CancellationToken)"/>
    public static async Task<byte[]> ReadAsync(HttpContent content, string what, CancellationToken ct)
    {
        await using Stream stream = await content.ReadAsStreamAsync(ct);
        return await ReadAsync(stream, what, ct);
    }
}
