using System.Security.Cryptography;
using Skep.Engine.Containerd;
using Skep.Engine.Images;
using Skep.Engine.Oci;
using Skep.Engine.Volumes;

namespace Skep.Engine;

public sealed partial class ContainerEngine
{
    public Task<ValueList<LocalVolume>> ListVolumesAsync(CancellationToken ct) => Task.FromResult(_shop.Volumes.List().ToValueList());

    public Task<LocalVolume> InspectVolumeAsync(string name, CancellationToken ct) => Task.FromResult(FindVolume(name));

    /// <param name="name">Empty: a new random name.</param>
    public Task<LocalVolume> CreateVolumeAsync(string name, ValueMap<string, string> labels, Driver? driver, CancellationToken ct)
    {
        bool isAnonymous = name.Length == 0;
        if (isAnonymous)
        {
            name = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(_shop.Ids.Next())));
        }

        return Task.FromResult(_shop.Volumes.Ensure(name, labels, driver, isAnonymous));
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): in use.</exception>
    public Task RemoveVolumeAsync(string name, bool force, CancellationToken ct)
    {
        if (_shop.Volumes.Find(name) is null && force)
        {
            return Task.CompletedTask;
        }

        FindVolume(name);
        if (UsedVolumes().TryGetValue(name, out string? container))
        {
            throw new ClusterException(ErrorKind.AlreadyExists, $"remove {name}: volume is in use - [{container}]");
        }

        _shop.Volumes.Remove(name);
        return Task.CompletedTask;
    }

    /// <param name="all">Also named ones; otherwise anonymous only, as Docker since 23.</param>
    /// <param name="wanted">Further condition.</param>
    public Task<PruneReport> PruneVolumesAsync(bool all, Func<LocalVolume, bool> wanted, CancellationToken ct)
    {
        IReadOnlyDictionary<string, string> used = UsedVolumes();
        var removed = new List<string>();
        long freed = 0;
        foreach (LocalVolume volume in _shop.Volumes.List().Where(v => (all || v.IsAnonymous) && wanted(v) && !used.ContainsKey(v.Name)))
        {
            freed += VolumeStore.Measure(volume);
            _shop.Volumes.Remove(volume.Name);
            removed.Add(volume.Name);
        }

        _shop.Events.Publish("volume", "prune", "", ("reclaimed", freed.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return Task.FromResult(new PruneReport(removed.ToValueList(), freed));
    }

    /// <summary>Bytes a container has written itself.</summary>
    public Task<long> MeasureContainerAsync(string id, CancellationToken ct) => _shop.Runtime.SizeAsync(id, ct);

    public async Task<DiskUsage> MeasureDiskAsync(CancellationToken ct)
    {
        var layers = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (Descriptor layer in (await _shop.Images.ListAsync(ct)).SelectMany(i => i.Contents.Layers))
        {
            layers[layer.Digest] = layer.Size;
        }

        var containers = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (FoundContainer container in _shop.Runtime.Containers.All)
        {
            containers[container.Id] = await _shop.Runtime.SizeAsync(container.Id, ct);
        }

        var drive = new DriveInfo(_options.DataDirectory);
        return new DiskUsage(
            layers.Values.Sum(), _shop.Volumes.List().ToValueMap(v => v.Name, VolumeStore.Measure), containers.ToValueMap(), drive.AvailableFreeSpace, drive.TotalSize);
    }

    private LocalVolume FindVolume(string name) => _shop.Volumes.Find(name) ?? throw new ClusterException(ErrorKind.NotFound, $"get {name}: no such volume");

    /// <summary>Volumes that containers mount, and one container of each.</summary>
    private Dictionary<string, string> UsedVolumes()
    {
        var used = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (FoundContainer container in _shop.Runtime.Containers.All)
        {
            foreach (string name in container.Spec.VolumeNames(Path.Combine(_options.DataDirectory, "volumes")))
            {
                used.TryAdd(name, container.Id);
            }
        }

        return used;
    }
}
