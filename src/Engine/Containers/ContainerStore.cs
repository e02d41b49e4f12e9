using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Skep.Engine.Containerd;
using Skep.Engine.Images;
using Skep.Engine.Logs;
using Skep.Engine.Networks;

namespace Skep.Engine.Containers;

/// <summary>All standalone containers of a node: they belong to nobody but their user, and live whether or not the node is in a cluster.</summary>
internal sealed class ContainerStore : IAsyncDisposable
{
    private readonly EngineContext _shop;
    private readonly StandaloneRecords _records;
    private readonly IStandaloneNetworks _networks;
    private readonly ContainerFactory _maker;
    private readonly ConcurrentDictionary<string, StandaloneContainer> _containers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _naming = new();
    private readonly Random _random;

    public ContainerStore(EngineContext shop, IStandaloneNetworks networks, string hostname, Random random)
    {
        _shop = shop;
        _networks = networks;
        _random = random;
        _records = new StandaloneRecords(Path.Combine(shop.Options.DataDirectory, "standalone"));
        _maker = new ContainerFactory(shop, hostname, name => Find(name)?.Id);
    }

    public IEnumerable<StandaloneContainer> All => _containers.Values;

    /// <summary>Whether any of them uses the node's network now.</summary>
    public bool IsAnyAlive => _containers.Values.Any(c => c.Record.IsAlive);

    /// <summary>Those that containerd does not know (any more): their removal was broken off, or somebody else took their containers away.</summary>
    public IEnumerable<FoundContainer> Bodiless => _containers.Values.Where(c => c.IsRecorded && _shop.Runtime.Containers.Find(c.Id) is null).Select(c => c.ToFound());

    public StandaloneContainer? ById(string id) => _containers.GetValueOrDefault(id);

    public StandaloneContainer? FindByName(string name) => _containers.FirstOrDefault(c => c.Value.Record.Name == name).Value;

    /// <summary>By id, name or unambiguous beginning of an id; null when none or several fit.</summary>
    public StandaloneContainer? Find(string name)
    {
        name = name.TrimStart('/');
        if (name.Length == 0)
        {
            return null;
        }

        if ((_containers.GetValueOrDefault(name) ?? FindByName(name)) is { } exact)
        {
            return exact;
        }

        StandaloneContainer[] byPrefix = [.. _containers.Values.Where(c => c.Id.StartsWith(name, StringComparison.Ordinal)).Take(2)];
        return byPrefix is [var only] ? only : null;
    }

    /// <summary>Reads what there is, without touching any of it: networks must know who runs before they are changed.</summary>
    public void Load()
    {
        foreach (StandaloneRecord record in _records.ReadAll())
        {
            _containers[record.Id] = NewContainer(record, isRecorded: true);
            if (record.IsAlive && record.BootId == _shop.Host.BootId)
            {
                _networks.Adopt(record);
            }
        }
    }

    /// <summary>Goes on with what was loaded: takes over what runs, starts what policies say.</summary>
    public async Task AdoptAsync(CancellationToken ct)
    {
        foreach (StandaloneContainer container in _containers.Values)
        {
            await container.AdoptAsync(ct);
        }
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/>: the name is taken; <see cref="ErrorKind.NotFound"/>: image or network.</exception>
    public async Task<StandaloneContainer> CreateAsync(StandaloneSpec spec, CancellationToken ct)
    {
        string id = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(_shop.Ids.Next() + _shop.Ids.Next())));
        _ = LogDrivers.Choose(spec.Template.LogDriver, _shop.Options);
        spec = _networks.Check(spec);
        var record = new StandaloneRecord { Id = id, Name = "", Spec = spec, CreatedAt = _shop.Time.GetUtcNow(), State = ContainerState.Created };
        StoredImage image = await _maker.ImageAsync(record, ct);
        StandaloneContainer container;
        lock (_naming)
        {
            record = record with { Name = FreeName(spec.Name, id), ImageId = image.Contents.Config.Digest };
            _containers[id] = container = NewContainer(record with { Spec = spec with { Name = record.Name } }, isRecorded: false);
        }

        try
        {
            await container.CreateAsync(ct);
            return container;
        }
        catch
        {
            _containers.TryRemove(id, out _);
            await _shop.Runtime.DeleteAsync(id, CancellationToken.None);
            await _shop.Logs.RemoveAsync(id);
            _shop.Files.Remove(record.Sandbox);
            _shop.Mounts.Release(record.Sandbox);
            throw;
        }
    }

    public Task RenameAsync(StandaloneContainer container, string name, CancellationToken ct)
    {
        name = name.TrimStart('/');
        if (name.Length == 0)
        {
            throw ClusterException.Invalid("Neither old nor new names may be empty");
        }

        lock (_naming)
        {
            if (container.Record.Name == name)
            {
                throw ClusterException.Invalid("Renaming a container with the same name as its current name");
            }

            FreeName(name, container.Id);
            return container.RenameAsync(name, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_containers.Values.Select(c => c.Supervision)).SuppressThrowingAsync();
        foreach (StandaloneContainer container in _containers.Values)
        {
            container.Dispose();
        }

        _end.Dispose();
    }

    private StandaloneContainer NewContainer(StandaloneRecord record, bool isRecorded)
        => new(_shop, _records, _networks, _maker, record, isRecorded, gone => _containers.TryRemove(gone.Id, out _), _end.Token);

    private string FreeName(string asked, string id)
    {
        asked = asked.TrimStart('/');
        if (asked.Length == 0)
        {
            string made = ContainerNames.Make(_random);
            while (_containers.Values.Any(c => c.Record.Name == made))
            {
                made = ContainerNames.Make(_random) + _random.Next(10).ToString(System.Globalization.CultureInfo.InvariantCulture);
            }

            return made;
        }

        if (!ContainerNames.IsValid(asked))
        {
            throw ClusterException.Invalid($"Invalid container name ({asked}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        }

        if (_containers.Values.FirstOrDefault(c => c.Record.Name == asked && c.Id != id) is { } other)
        {
            throw new ClusterException(ErrorKind.AlreadyExists, $"Conflict. The container name \"/{asked}\" is already in use by container \"{other.Id}\". You have to remove (or rename) that container to be able to reuse that name.");
        }

        return asked;
    }
}
