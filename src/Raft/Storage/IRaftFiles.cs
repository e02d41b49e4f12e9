namespace Skep.Raft;

/// <summary>One directory of the disk, as the log and the snapshots see it. A second implementation simulates power loss and full disks.</summary>
/// <remarks>Nothing about names is durable before <see cref="SyncDirectory"/>; nothing about contents before <see cref="IRaftFile.Sync"/>.</remarks>
public interface IRaftFiles : IDisposable
{
    /// <summary>Names of all files, in ordinal order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Makes a new file that reads as zeros; an existing one of that name is replaced.</summary>
    /// <param name="preallocateBytes">Space to reserve, which is also the file's first length.</param>
    IRaftFile Create(string name, long preallocateBytes);

    IRaftFile Open(string name);

    /// <summary>Replaces <paramref name="to"/> if it exists.</summary>
    void Rename(string from, string to);

    void Delete(string name);

    void SyncDirectory();
}

/// <summary>One open file. Errors of the disk are <see cref="IOException"/>s.</summary>
public interface IRaftFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads up to the buffer's size; fewer bytes only at the end of the file.</summary>
    int Read(long offset, Span<byte> buffer);

    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Returns when everything written is on the medium. After a failure the content is unknown: do not try again.</summary>
    void Sync();

    /// <summary>Cuts the file off; durable when it returns.</summary>
    void Truncate(long length);
}
