using Microsoft.Win32.SafeHandles;

namespace Skep.Raft;

/// <summary>A real directory. Holds a lock file, so two processes never write one log.</summary>
public sealed class DiskRaftFiles : IRaftFiles
{
    private const string LockName = "lock";
    private readonly string _directory;
    private readonly SafeFileHandle _directoryHandle;
    private readonly SafeFileHandle _lockHandle;

    private DiskRaftFiles(string directory, SafeFileHandle directoryHandle, SafeFileHandle lockHandle)
    {
        _directory = directory;
        _directoryHandle = directoryHandle;
        _lockHandle = lockHandle;
    }

    /// <summary>Opens the directory, making it (mode 0700) if needed.</summary>
    /// <exception cref="IOException">Another process uses it, or the disk refuses.</exception>
    public static DiskRaftFiles OpenDirectory(string directory)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        SafeFileHandle locked;
        try
        {
            // FileShare.None takes flock(LOCK_EX), which ends with the process.
            locked = File.OpenHandle(Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"raft directory {directory} is in use by another process: {e.Message}", e);
        }

        return new DiskRaftFiles(directory, LibC.OpenDirectory(directory), locked);
    }

    public IReadOnlyList<string> List()
    {
        var names = Directory.EnumerateFiles(_directory).Select(p => Path.GetFileName(p)!).Where(n => n != LockName).ToList();
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public IRaftFile Create(string name, long preallocateBytes)
    {
        SafeFileHandle handle = File.OpenHandle(Path.Combine(_directory, name), FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            LibC.Allocate(handle, preallocateBytes, name);
            return new DiskRaftFile(handle, name);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public IRaftFile Open(string name) =>
        new DiskRaftFile(File.OpenHandle(Path.Combine(_directory, name), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete), name);

    public void Rename(string from, string to) => File.Move(Path.Combine(_directory, from), Path.Combine(_directory, to), overwrite: true);

    public void Delete(string name) => File.Delete(Path.Combine(_directory, name));

    public void SyncDirectory() => LibC.Sync(_directoryHandle, _directory);

    public void Dispose()
    {
        _directoryHandle.Dispose();
        _lockHandle.Dispose();
    }

    private sealed class DiskRaftFile(SafeFileHandle handle, string name) : IRaftFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> buffer)
        {
            int total = 0;
            while (total < buffer.Length)
            {
                int read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }

        public void Write(long offset, ReadOnlySpan<byte> data) => RandomAccess.Write(handle, data, offset);

        public void Sync() => LibC.SyncData(handle, name);

        public void Truncate(long length)
        {
            RandomAccess.SetLength(handle, length);
            LibC.Sync(handle, name); // fdatasync may leave a shorter length behind
        }

        public void Dispose() => handle.Dispose();
    }
}
