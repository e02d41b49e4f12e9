using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Skep.Engine.Containerd;
using Skep.Rpc;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Images;

/// <summary>Blobs by digest in containerd's content store.</summary>
internal sealed class ContentStore(ContainerdClient client)
{
    private const int ChunkBytes = 1024 * 1024;

    /// <summary>Whole blobs are read into memory up to this size: manifests and configs.</summary>
    private const int SmallBlobBytes = 8 * 1024 * 1024;

    public ContentStore Under(string leaseId) => new(client.Under(leaseId));

    /// <summary>Size of a blob; null when it is not here.</summary>
    public async Task<Cd.ContentInfo?> FindAsync(string digest, CancellationToken ct)
    {
        try
        {
            return (await client.Content.InfoAsync(new Cd.ContentInfoRequest { Digest = digest }, cancellationToken: ct)).Info;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    public async Task<byte[]> ReadSmallAsync(string digest, CancellationToken ct)
    {
        using var buffer = new MemoryStream();
        await foreach (ReadOnlyMemory<byte> chunk in ReadAsync(digest, 0, ct))
        {
            if (buffer.Length + chunk.Length > SmallBlobBytes)
            {
                throw ClusterException.Invalid($"blob {digest} is too large for a manifest or config");
            }

            buffer.Write(chunk.Span);
        }

        return buffer.ToArray();
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string digest, long offset, [EnumeratorCancellation] CancellationToken ct)
    {
        using AsyncServerStreamingCall<Cd.ReadContentReply> call = client.Content.Read(new Cd.ReadContentRequest { Digest = digest, Offset = offset }, cancellationToken: ct);
        while (true)
        {
            bool more;
            try
            {
                more = await call.ResponseStream.MoveNext(ct);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
            {
                throw new ClusterException(ErrorKind.NotFound, $"content {digest} not found", e);
            }

            if (!more)
            {
                yield break;
            }

            yield return call.ResponseStream.Current.Data.Memory;
        }
    }

    /// <summary>Sets labels on a blob that is here; other labels stay.</summary>
    public async Task LabelAsync(string digest, IReadOnlyDictionary<string, string> labels, CancellationToken ct)
    {
        if (labels.Count == 0)
        {
            return;
        }

        var request = new Cd.UpdateContentRequest { Info = new Cd.ContentInfo { Digest = digest }, UpdateMask = new FieldMask() };
        foreach ((string key, string value) in labels)
        {
            request.Info.Labels.Add(key, value);
            request.UpdateMask.Paths.Add($"labels.{key}");
        }

        await client.Content.UpdateAsync(request, cancellationToken: ct);
    }

    public Task WriteSmallAsync(string digest, ReadOnlyMemory<byte> bytes, IReadOnlyDictionary<string, string> labels, CancellationToken ct)
        => WriteAsync(digest, bytes.Length, labels, (offset, _) => Task.FromResult<Stream>(new MemoryStream(bytes.ToArray(), (int)offset, bytes.Length - (int)offset)), _ => { }, ct);

    /// <summary>Stores a blob unless it is here. What an earlier attempt got stays and is gone on with.</summary>
    /// <param name="open">Gives the bytes from an offset on.</param>
    /// <param name="progress">Bytes stored so far.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the bytes are not those of the digest.</exception>
    public async Task WriteAsync(
        string digest, long size, IReadOnlyDictionary<string, string> labels, Func<long, CancellationToken, Task<Stream>> open, Action<long> progress, CancellationToken ct)
    {
        if (await FindAsync(digest, ct) is not null)
        {
            await LabelAsync(digest, labels, ct);
            progress(size);
            return;
        }

        string reference = $"skep-{digest}";
        using AsyncDuplexStreamingCall<Cd.WriteContentRequest, Cd.WriteContentReply> call = client.Content.Write(cancellationToken: ct);
        try
        {
            Cd.WriteContentReply reply = await AskAsync(new Cd.WriteContentRequest { Action = Cd.WriteAction.Stat, Ref = reference, Total = size, Expected = digest });
            long offset = reply.Offset;
            progress(offset);
            if (offset < size)
            {
                await using Stream source = await open(offset, ct);
                offset = await CopyAsync(source, offset);
            }

            if (offset != size)
            {
                throw ClusterException.Invalid($"blob {digest} ended after {offset} of {size} bytes");
            }

            var commit = new Cd.WriteContentRequest { Action = Cd.WriteAction.Commit, Ref = reference, Total = size, Expected = digest, Offset = offset };
            foreach ((string key, string value) in labels)
            {
                commit.Labels.Add(key, value);
            }

            await AskAsync(commit);
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            await LabelAsync(digest, labels, ct);
            progress(size);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition or StatusCode.InvalidArgument)
        {
            // What was stored so far is not a beginning of this blob: never go on with it.
            await AbortAsync(reference, ct);
            throw new ClusterException(ErrorKind.InvalidArgument, $"blob {digest} does not verify: {e.Status.Detail}", e);
        }

        async Task<Cd.WriteContentReply> AskAsync(Cd.WriteContentRequest request)
        {
            Task<bool> answer = call.ResponseStream.MoveNext(ct);
            await call.SendAsync(request, answer, ct);
            if (!await answer)
            {
                throw new ClusterException(ErrorKind.Internal, $"containerd ended the write of {digest}");
            }

            return call.ResponseStream.Current;
        }

        async Task<long> CopyAsync(Stream source, long offset)
        {
            byte[] buffer = new byte[ChunkBytes];
            while (offset < size)
            {
                int read = await source.ReadAtLeastAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - offset)), 1, throwOnEndOfStream: false, ct);
                if (read == 0)
                {
                    return offset;
                }

                await AskAsync(new Cd.WriteContentRequest { Action = Cd.WriteAction.Write, Ref = reference, Offset = offset, Data = ByteString.CopyFrom(buffer, 0, read) });
                offset += read;
                progress(offset);
            }

            return offset;
        }
    }

    private async Task AbortAsync(string reference, CancellationToken ct)
    {
        try
        {
            await client.Content.AbortAsync(new Cd.AbortContentRequest { Ref = reference }, cancellationToken: ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return;
        }
    }
}
