namespace Skep.Engine.Containerd;

/// <summary>All containers of this engine, in memory: by id, beginning of an id, and name. What else is asked (labels, mounts) is looked through, for that takes microseconds.</summary>
/// <remarks>
/// Whoever creates or deletes a container writes here at once, so the next read knows. What others did (ctr) is read from containerd, which takes time: an answer says how
/// it was when containerd gave it, and what was written here meanwhile is newer. So each reading is begun before containerd is asked, and takes no effect on what was
/// written since. But what is written here is an answer too, and may have come late: others may have changed the container since, and a reading that saw it may be the one
/// that was overtaken. So whatever was written here is also <see cref="Doubted"/>, and read once more.
/// </remarks>
/// <param name="nameOf">The name a container is known by, besides its id; null: none. Follows from the container alone.</param>
internal sealed class ContainerIndex(Func<FoundContainer, string?> nameOf)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, FoundContainer> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _idByName = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _ids = new(StringComparer.Ordinal);
    private readonly List<Reading> _readings = [];
    private IReadOnlyList<FoundContainer>? _all;

    /// <summary>Told each id that was written here, to be read from containerd after that.</summary>
    public Action<string> Doubted { get; set; } = static _ => { };

    /// <summary>Every container, by id.</summary>
    public IReadOnlyList<FoundContainer> All
    {
        get
        {
            lock (_gate)
            {
                return _all ??= [.. _ids.Select(id => _byId[id])];
            }
        }
    }

    public FoundContainer? Find(string id)
    {
        lock (_gate)
        {
            return _byId.GetValueOrDefault(id);
        }
    }

    public FoundContainer? FindByName(string name)
    {
        lock (_gate)
        {
            return _idByName.TryGetValue(name, out string? id) ? _byId[id] : null;
        }
    }

    /// <summary>Those whose ids begin so, at most <paramref name="most"/>.</summary>
    public IReadOnlyList<FoundContainer> FindByPrefix(string prefix, int most)
    {
        lock (_gate)
        {
            return [.. _ids.GetViewBetween(prefix, prefix + char.MaxValue).Take(most).Select(id => _byId[id])];
        }
    }

    /// <summary>A container that was just created or changed here.</summary>
    public void Put(FoundContainer container)
    {
        lock (_gate)
        {
            Overtake(container.Id);
            Set(container.Id, container);
        }

        Doubted(container.Id);
    }

    /// <summary>A container that was just deleted here.</summary>
    public void Remove(string id)
    {
        lock (_gate)
        {
            Overtake(id);
            Set(id, null);
        }

        Doubted(id);
    }

    /// <summary>To be begun before containerd is asked, disposed once what it said is applied. One at a time.</summary>
    public Reading BeginReading()
    {
        var reading = new Reading(this);
        lock (_gate)
        {
            _readings.Add(reading);
        }

        return reading;
    }

    private void Overtake(string id)
    {
        foreach (Reading reading in _readings)
        {
            reading.Overtaken.Add(id);
        }
    }

    private void Set(string id, FoundContainer? container)
    {
        FoundContainer? before = _byId.GetValueOrDefault(id);
        if (before == container)
        {
            return;
        }

        _all = null;
        if (before is not null && nameOf(before) is { } old && _idByName.GetValueOrDefault(old) == id)
        {
            _idByName.Remove(old);
        }

        if (container is null)
        {
            _byId.Remove(id);
            _ids.Remove(id);
            return;
        }

        _byId[id] = container;
        _ids.Add(id);
        if (nameOf(container) is { } name)
        {
            _idByName[name] = id;
        }
    }

    /// <summary>What containerd is asked now.</summary>
    internal sealed class Reading(ContainerIndex index) : IDisposable
    {
        /// <summary>Written here since the reading began.</summary>
        public HashSet<string> Overtaken { get; } = new(StringComparer.Ordinal);

        /// <param name="found">Null: there is none of that id.</param>
        public void Apply(string id, FoundContainer? found)
        {
            lock (index._gate)
            {
                if (!Overtaken.Contains(id))
                {
                    index.Set(id, found);
                }
            }
        }

        /// <summary>Takes the place of all that was known.</summary>
        public void ApplyAll(IReadOnlyCollection<FoundContainer> listed)
        {
            lock (index._gate)
            {
                var present = listed.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
                foreach (string gone in index._byId.Keys.Where(id => !present.Contains(id) && !Overtaken.Contains(id)).ToArray())
                {
                    index.Set(gone, null);
                }

                foreach (FoundContainer container in listed.Where(c => !Overtaken.Contains(c.Id)))
                {
                    index.Set(container.Id, container);
                }
            }
        }

        public void Dispose()
        {
            lock (index._gate)
            {
                index._readings.Remove(this);
            }
        }
    }
}
