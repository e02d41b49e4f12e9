namespace Skep.Raft.Tests;

/// <summary>A directory in memory that forgets what was not synced, fills up, and fails on demand.</summary>
internal sealed class SimulatedDisk : IRaftFiles
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Content> _names = new(StringComparer.Ordinal);
    private Dictionary<string, Content> _durableNames = new(StringComparer.Ordinal);
    private int _generation;

    public int Syncs { get; private set; }

    /// <summary>All files together may not exceed this.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    public bool FailNextSync { get; set; }

    /// <summary>The machine loses power: unsynced bytes and names are gone, except what <paramref name="keepSector"/> says reached the medium.</summary>
    public void LosePower(Func<long, bool>? keepSector = null)
    {
        lock (_gate)
        {
            _generation++;
            FailNextSync = false;
            _names.Clear();
            foreach ((string name, Content content) in _durableNames)
            {
                content.LosePower(keepSector ?? (_ => false));
                _names[name] = content;
            }
        }
    }

    /// <summary>An independent copy of what a restart would find if everything written had reached the medium.</summary>
    public SimulatedDisk Clone()
    {
        SimulatedDisk copy = new();
        lock (_gate)
        {
            foreach ((string name, Content content) in _names)
            {
                copy._names[name] = content.Clone();
            }
        }

        copy._durableNames = new(copy._names, StringComparer.Ordinal);
        return copy;
    }

    public byte[] Bytes(string name) => _names[name].Bytes;

    public void Patch(string name, Func<byte[], byte[]> change)
    {
        Content content = _names[name];
        content.Bytes = change(content.Bytes);
        content.Durable = [.. content.Bytes];
    }

    public IReadOnlyList<string> List()
    {
        lock (_gate)
        {
            return [.. _names.Keys];
        }
    }

    public IRaftFile Create(string name, long preallocateBytes)
    {
        lock (_gate)
        {
            CheckRoom(preallocateBytes);
            Content content = new() { Bytes = new byte[preallocateBytes], Durable = new byte[preallocateBytes] };
            _names[name] = content;
            return new OpenFile(this, content, _generation);
        }
    }

    public IRaftFile Open(string name)
    {
        lock (_gate)
        {
            return _names.TryGetValue(name, out Content? content) ? new OpenFile(this, content, _generation) : throw new FileNotFoundException(name);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            _names[to] = _names[from];
            _names.Remove(from);
        }
    }

    public void Delete(string name)
    {
        lock (_gate)
        {
            _names.Remove(name);
        }
    }

    public void SyncDirectory()
    {
        lock (_gate)
        {
            _durableNames = new(_names, StringComparer.Ordinal);
        }
    }

    public void Dispose()
    {
    }

    private void CheckRoom(long more)
    {
        if (_names.Values.Sum(c => (long)c.Bytes.Length) + more > CapacityBytes)
        {
            throw new IOException("No space left on device");
        }
    }

    private sealed class Content
    {
        public required byte[] Bytes { get; set; }

        public required byte[] Durable { get; set; }

        public Content Clone() => new() { Bytes = [.. Bytes], Durable = [.. Bytes] };

        public void LosePower(Func<long, bool> keepSector)
        {
            const int Sector = 512;
            byte[] after = [.. Durable];
            for (long start = 0; start < Math.Min(Bytes.Length, after.Length); start += Sector)
            {
                if (keepSector(start / Sector))
                {
                    long length = Math.Min(Sector, Math.Min(Bytes.Length, after.Length) - start);
                    Array.Copy(Bytes, start, after, start, length);
                }
            }

            Bytes = after;
            Durable = [.. after];
        }
    }

    private sealed class OpenFile(SimulatedDisk disk, Content content, int born) : IRaftFile
    {
        public long Length => content.Bytes.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            lock (disk._gate)
            {
                int count = (int)Math.Max(0, Math.Min(buffer.Length, content.Bytes.Length - offset));
                content.Bytes.AsSpan((int)Math.Min(offset, content.Bytes.Length), count).CopyTo(buffer);
                return count;
            }
        }

        public void Write(long offset, ReadOnlySpan<byte> data)
        {
            lock (disk._gate)
            {
                CheckAlive();
                if (offset + data.Length > content.Bytes.Length)
                {
                    disk.CheckRoom(offset + data.Length - content.Bytes.Length);
                    byte[] longer = new byte[offset + data.Length];
                    content.Bytes.CopyTo(longer, 0);
                    content.Bytes = longer;
                }

                data.CopyTo(content.Bytes.AsSpan((int)offset));
            }
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                CheckAlive();
                disk.Syncs++;
                if (disk.FailNextSync)
                {
                    disk.FailNextSync = false;
                    throw new IOException("Input/output error");
                }

                content.Durable = [.. content.Bytes];
            }
        }

        public void Truncate(long length)
        {
            lock (disk._gate)
            {
                CheckAlive();
                content.Bytes = content.Bytes[..(int)length];
                content.Durable = [.. content.Bytes];
            }
        }

        public void Dispose()
        {
        }

        private void CheckAlive()
        {
            if (born != disk._generation)
            {
                throw new IOException("this handle belongs to a process that lost power");
            }
        }
    }
}
