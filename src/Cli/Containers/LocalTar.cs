using System.Formats.Tar;
using System.Net;

namespace Skep.Cli.Containers;

/// <summary>Tar archives from and to the files of this machine.</summary>
internal static class LocalTar
{
    /// <summary>Unpacks below a directory; nothing of it is written elsewhere.</summary>
    /// <param name="rename">Takes the place of the first part of every name; null: none.</param>
    public static async Task ExtractAsync(Stream archive, string root, string? rename, CancellationToken cancellation)
    {
        await using TarReader tar = new(archive, leaveOpen: true);
        HashSet<string> leftOut = new(StringComparer.Ordinal);
        while (await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            string[] parts = PartsOf(entry.Name, rename);
            if (parts.Length > 0)
            {
                await PutAsync(entry, Path.Combine(ParentOf(parts, root, entry.Name), parts[^1]), root, rename, leftOut, cancellation);
            }
        }
    }

    /// <summary>Where a name of the archive lies below the root; names of entries and of what hard links point to alike.</summary>
    private static string[] PartsOf(string name, string? rename)
    {
        string[] parts = [.. name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(static part => part != ".")];
        if (parts.Contains(".."))
        {
            throw new CliException($"the archive names a file outside of itself: {name}");
        }

        // "/a" and "./a" are below the directory that is copied; ".a" and "a" are what is copied itself.
        bool isBelow = parts.Length == 0 || name.StartsWith('/') || name.StartsWith("./", StringComparison.Ordinal);
        return rename is null ? parts : [rename, .. isBelow ? parts : parts[1..]];
    }

    /// <summary>The directory of the last part; no part above it may be a link, which would lead elsewhere.</summary>
    private static string ParentOf(string[] parts, string root, string name)
    {
        string place = root;
        foreach (string part in parts[..^1])
        {
            place = Path.Combine(place, part);
            if (new FileInfo(place).LinkTarget is not null)
            {
                throw new CliException($"the archive writes through a link: {name}");
            }
        }

        return place;
    }

    /// <summary>Packs a file, or a directory with all below.</summary>
    /// <param name="name">Of the first entry; empty: what is in the directory, without the directory.</param>
    public static async Task WriteAsync(Stream output, string path, string name, bool follows, CancellationToken cancellation)
    {
        await using TarWriter tar = new(output, TarEntryFormat.Pax, leaveOpen: true);
        if (follows && new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) is { } target)
        {
            path = target.FullName;
        }

        await AddAsync(tar, path, name, cancellation);
    }

    private static async Task AddAsync(TarWriter tar, string path, string name, CancellationToken cancellation)
    {
        if (name.Length > 0)
        {
            await tar.WriteEntryAsync(path, name, cancellation);
        }

        if (new FileInfo(path).LinkTarget is null && Directory.Exists(path))
        {
            foreach (string child in Directory.EnumerateFileSystemEntries(path).Order(StringComparer.Ordinal))
            {
                await AddAsync(tar, child, name.Length > 0 ? $"{name}/{Path.GetFileName(child)}" : Path.GetFileName(child), cancellation);
            }
        }
    }

    /// <param name="leftOut">Places that stay empty, so that other names of them do too.</param>
    private static async Task PutAsync(TarEntry entry, string place, string root, string? rename, HashSet<string> leftOut, CancellationToken cancellation)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                if (new FileInfo(place).LinkTarget is not null)
                {
                    File.Delete(place);
                }

                Directory.CreateDirectory(place, entry.Mode);
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                File.Delete(place);
                await entry.ExtractToFileAsync(place, overwrite: true, cancellation);
                break;
            case TarEntryType.SymbolicLink:
                File.Delete(place);
                File.CreateSymbolicLink(place, entry.LinkName);
                break;
            case TarEntryType.HardLink:
                string[] parts = PartsOf(entry.LinkName, rename);
                string first = parts.Length > 0 ? Path.Combine(ParentOf(parts, root, entry.Name), parts[^1]) : root;
                if (first == place)
                {
                    throw new CliException($"the archive makes {entry.Name} a hard link to itself");
                }

                if (new FileInfo(first).LinkTarget is not null)
                {
                    throw new CliException($"the archive reads through a link: {entry.Name}");
                }

                if (leftOut.Contains(first))
                {
                    leftOut.Add(place);
                    break;
                }

                if (!File.Exists(first))
                {
                    throw new CliException($"the archive makes {entry.Name} a hard link to {entry.LinkName}, which is not in it");
                }

                File.Delete(place); // A link of that name goes; it is not written through.
                File.Copy(first, place);
                break;
            default:
                leftOut.Add(place); // Devices and pipes need root and help nobody here.
                break;
        }
    }
}
