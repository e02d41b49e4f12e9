using System.Collections.Concurrent;
using Grpc.Core;
using Skep.Engine.Containerd;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Images;

/// <summary>Bytes of the files of each layer, as the snapshotter keeps them; asked once, since layers never change.</summary>
internal sealed class LayerSizes(ContainerdClient client, string snapshotter)
{
    private readonly ConcurrentDictionary<string, long> _known = new(StringComparer.Ordinal);

    /// <summary>Lowest layer first. A layer that is not unpacked counts with the size of its blob.</summary>
    public async Task<ValueList<long>> OfAsync(ImageContents image, CancellationToken ct)
    {
        IReadOnlyList<string> chain = Digest.ChainIds([.. image.DiffIds]);
        var sizes = new List<long>(chain.Count);
        for (int i = 0; i < chain.Count; i++)
        {
            sizes.Add(await OfAsync(chain[i], ct) ?? image.Layers[i].Size);
        }

        return sizes.ToValueList();
    }

    private async Task<long?> OfAsync(string chainId, CancellationToken ct)
    {
        if (_known.TryGetValue(chainId, out long known))
        {
            return known;
        }

        try
        {
            return _known[chainId] = (await client.Snapshots.UsageAsync(new Cd.SnapshotKey { Snapshotter = snapshotter, Key = chainId }, cancellationToken: ct)).Size;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }
}
