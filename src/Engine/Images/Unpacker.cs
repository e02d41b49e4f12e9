using System.Collections.Concurrent;
using Grpc.Core;
using Skep.Engine.Containerd;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Images;

/// <summary>Turns layers into snapshots, each once.</summary>
internal sealed class Unpacker(string snapshotter, IdSource ids)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new();

    /// <param name="client">Under the lease of the pull, so that half-made snapshots are held.</param>
    /// <param name="extracting">Called with the index of each layer before and after it is applied.</param>
    public async Task UnpackAsync(ContainerdClient client, ImageContents image, Action<int, bool> extracting, CancellationToken ct)
    {
        ValueList<string> diffIds = image.DiffIds;
        IReadOnlyList<string> chain = Digest.ChainIds([.. diffIds]);
        for (int i = 0; i < chain.Count; i++)
        {
            extracting(i, false);
            SemaphoreSlim gate = _gates.GetOrAdd(chain[i], static _ => new SemaphoreSlim(1));
            await gate.WaitAsync(ct);
            try
            {
                if (!await ExistsAsync(client, chain[i], ct))
                {
                    await ApplyAsync(client, image.Layers[i], diffIds[i], chain[i], i == 0 ? "" : chain[i - 1], ct);
                }
            }
            finally
            {
                gate.Release();
            }

            extracting(i, true);
        }
    }

    private async Task<bool> ExistsAsync(ContainerdClient client, string chainId, CancellationToken ct)
    {
        try
        {
            await client.Snapshots.StatAsync(new Cd.SnapshotKey { Snapshotter = snapshotter, Key = chainId }, cancellationToken: ct);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return false;
        }
    }

    private async Task ApplyAsync(ContainerdClient client, Descriptor layer, string diffId, string chainId, string parent, CancellationToken ct)
    {
        string key = $"extract-{ids.Next()} {chainId}";
        var prepare = new Cd.PrepareSnapshotRequest { Snapshotter = snapshotter, Key = key, Parent = parent };
        prepare.Labels.Add("containerd.io/snapshot.ref", chainId);
        Cd.SnapshotMountsReply mounts = await client.Snapshots.PrepareAsync(prepare, cancellationToken: ct);
        bool committed = false;
        try
        {
            var apply = new Cd.ApplyDiffRequest { Diff = new Cd.ContentDescriptor { MediaType = layer.MediaType, Digest = layer.Digest, Size = layer.Size } };
            apply.Mounts.AddRange(mounts.Mounts);
            Cd.ApplyDiffReply applied = await client.Diff.ApplyAsync(apply, cancellationToken: ct);
            if (applied.Applied.Digest != diffId)
            {
                throw ClusterException.Invalid($"layer {layer.Digest} unpacks to {applied.Applied.Digest}, its image says {diffId}");
            }

            await client.Snapshots.CommitAsync(new Cd.CommitSnapshotRequest { Snapshotter = snapshotter, Name = chainId, Key = key }, cancellationToken: ct);
            committed = true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            return;
        }
        finally
        {
            if (!committed)
            {
                await client.Snapshots.RemoveAsync(new Cd.SnapshotKey { Snapshotter = snapshotter, Key = key }, cancellationToken: CancellationToken.None).ResponseAsync.SuppressThrowingAsync();
            }
        }
    }
}
