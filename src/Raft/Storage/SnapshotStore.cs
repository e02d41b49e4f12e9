namespace Skep.Raft;

/// <summary>The snapshot files of one member. Writers and readers may run on other threads than the owner of the log.</summary>
internal sealed class SnapshotStore : IDisposable
{
    private const string LocalTemporary = "snapshot-local.tmp";
    private const string ReceivedTemporary = "snapshot-received.tmp";
    private readonly IRaftFiles _files;
    private readonly byte[] _dataKey;
    private volatile SnapshotMeta? _incoming;

    public SnapshotStore(IRaftFiles files, ReadOnlySpan<byte> dataKey)
    {
        _files = files;
        _dataKey = dataKey.ToArray();
        foreach (string name in files.List())
        {
            if (name is LocalTemporary or ReceivedTemporary)
            {
                files.Delete(name);
            }
        }
    }

    /// <summary>A snapshot that is being received, until it is decided what becomes of it: not to be pruned.</summary>
    public SnapshotMeta? Incoming
    {
        get => _incoming;
        set => _incoming = value;
    }

    /// <summary>Places in the log that a finished file exists for, oldest first. Finished does not mean undamaged.</summary>
    public IReadOnlyList<(ulong Index, ulong Term)> List()
    {
        List<(ulong, ulong)> found = [];
        foreach (string name in _files.List())
        {
            if (SnapshotFormat.TryParse(name, out ulong index, out ulong term))
            {
                found.Add((index, term));
            }
        }

        return found;
    }

    public bool Contains(ulong index, ulong term) => List().Contains((index, term));

    /// <summary>Starts a snapshot of this member's own state. One at a time.</summary>
    public SnapshotWriter Create(SnapshotMeta meta) => new(_files, _dataKey, meta, LocalTemporary);

    /// <summary>Starts a snapshot that comes from a peer. One at a time.</summary>
    public SnapshotWriter Receive(SnapshotMeta meta)
    {
        Incoming = meta;
        return new SnapshotWriter(_files, _dataKey, meta, ReceivedTemporary);
    }

    /// <exception cref="CorruptSnapshotException">Missing, or its beginning is damaged.</exception>
    public SnapshotReader OpenRead(ulong index, ulong term)
    {
        string name = SnapshotFormat.NameOf(index, term);
        if (!Contains(index, term))
        {
            throw new CorruptSnapshotException(name, 0, "the log says it was written, but the file is missing");
        }

        SnapshotReader reader = new(_files, _dataKey, name);
        if (reader.Meta.Index != index || reader.Meta.Term != term)
        {
            reader.Dispose();
            throw new CorruptSnapshotException(name, 0, $"it holds the snapshot at index {reader.Meta.Index} of term {reader.Meta.Term}");
        }

        return reader;
    }

    /// <summary>Reads the whole file to see that it is undamaged.</summary>
    public SnapshotMeta Verify(ulong index, ulong term)
    {
        using SnapshotReader reader = OpenRead(index, term);
        reader.VerifyRest();
        return reader.Meta;
    }

    /// <summary>Keeps the snapshot in force and those before it. A file that is still being sent stays readable until closed.</summary>
    /// <param name="index">Of the snapshot the log's mark names; files beyond it were never taken into use.</param>
    /// <param name="old">How many of those before it; the last one stays in any case.</param>
    public void Prune(ulong index, ulong term, int old)
    {
        int keep = Math.Max(old, 1) + 1;
        var found = List();
        int kept = 0;
        bool deleted = false;
        for (int i = found.Count - 1; i >= 0; i--)
        {
            bool use = found[i].Index < index || found[i] == (index, term);
            if (use && kept < keep)
            {
                kept++;
                continue;
            }

            if (Incoming is { } coming && found[i] == (coming.Index, coming.Term))
            {
                continue; // set before the file got its name, so it cannot be missed here
            }

            _files.Delete(SnapshotFormat.NameOf(found[i].Index, found[i].Term));
            deleted = true;
        }

        if (deleted)
        {
            _files.SyncDirectory();
        }
    }

    public void Delete(ulong index, ulong term) => _files.Delete(SnapshotFormat.NameOf(index, term));

    public void Dispose() => System.Security.Cryptography.CryptographicOperations.ZeroMemory(_dataKey);
}
