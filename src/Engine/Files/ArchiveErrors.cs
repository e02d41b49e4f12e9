namespace Skep.Engine.Files;

/// <summary>Whether an error while an archive is unpacked is the archive's fault: a name that no file can have, a file where a directory is needed.</summary>
internal static class ArchiveErrors
{
    /// <summary>ENOSPC, EDQUOT, EIO: the disk's, which say nothing about the archive.</summary>
    private static readonly int[] OfTheDisk = [28, 122, 5];

    /// <summary>What reading the archive throws when it is none, or broken.</summary>
    public static bool IsOfTheArchive(Exception e) => e is InvalidDataException or EndOfStreamException or FormatException or OverflowException or ArgumentException;

    public static bool IsOfTheEntry(Exception e) => e is ArgumentException or UnauthorizedAccessException or NotSupportedException
        || (e is IOException and not EndOfStreamException && !OfTheDisk.Contains(e.HResult));

    public static ClusterException Of(string entry, Exception e) => new(ErrorKind.InvalidArgument, $"invalid archive: entry \"{entry}\" cannot be unpacked: {e.Message}", e);
}
