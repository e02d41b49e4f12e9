using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace Skep.Overlay.Dns;

/// <summary>What became of a question.</summary>
internal enum DnsOutcome
{
    /// <summary>The cluster knows the name.</summary>
    Known,

    /// <summary>Others were asked, and answered.</summary>
    Forwarded,

    /// <summary>Others were asked, and did not answer in time; or too many were being asked, or nothing was known yet.</summary>
    Failed,

    /// <summary>Not a question, or one that may not be asked outside.</summary>
    Refused,
}

/// <summary>How many questions a node's tasks have asked, by outcome. In a file that is memory: the program that answers counts, and skepd reads, whichever of them was started anew.</summary>
internal sealed unsafe class DnsCounts : IDisposable
{
    private static readonly int Length = Enum.GetValues<DnsOutcome>().Length * sizeof(long);
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long* _counts;

    /// <param name="path">On a file system in memory. Several processes may count in one file.</param>
    public DnsCounts(string path)
    {
        using (FileStream made = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            if (made.Length < Length)
            {
                made.SetLength(Length);
            }
        }
        _file = MemoryMappedFile.CreateFromFile(new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete), null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, Length);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _counts = (long*)start;
    }

    /// <summary>Where the program behind a socket counts.</summary>
    public static string PathBeside(string socket) => Path.ChangeExtension(socket, ".counts");

    public void Count(DnsOutcome outcome) => Interlocked.Increment(ref _counts[(int)outcome]);

    /// <summary>The totals; empty when nothing has been counted there.</summary>
    public static IEnumerable<KeyValuePair<DnsOutcome, long>> Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[Length];
        return file.ReadAtLeast(bytes, Length, throwOnEndOfStream: false) < Length
            ? []
            : Enum.GetValues<DnsOutcome>().Select(o => KeyValuePair.Create(o, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)o * sizeof(long)))));
    }

    /// <summary>Call when nothing counts any more.</summary>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
