using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;
using Skep.Engine.Exec;
using Skep.Engine.Native;

namespace Skep.Engine.Files;

/// <summary>Unpacks a tar archive into a directory of a container. Nothing is written outside the container, whatever links say.</summary>
/// <remarks>Every parent is opened below the container's root (openat2) and every file made in that opened parent, so a link changed meanwhile changes nothing.</remarks>
internal sealed class TarExtractor(ContainerRoot root, string destination, bool keepKinds, (uint Uid, uint Gid)? owner)
{
    private const uint FifoKind = 0x1000;
    private const uint CharacterKind = 0x2000;
    private const uint BlockKind = 0x6000;

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: no archive, or a name in it leads out.</exception>
    public async Task ExtractAsync(Stream archive, CancellationToken ct)
    {
        try
        {
            await using var tar = new TarReader(archive, leaveOpen: true);
            while (await tar.GetNextEntryAsync(copyData: false, ct) is { } entry)
            {
                try
                {
                    await PutAsync(entry, ct);
                }
                catch (Exception e) when (ArchiveErrors.IsOfTheEntry(e))
                {
                    throw ArchiveErrors.Of(entry.Name, e);
                }
            }
        }
        catch (Exception e) when (ArchiveErrors.IsOfTheArchive(e))
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"the body is no tar archive: {e.Message}", e);
        }
    }

    private async Task PutAsync(TarEntry entry, CancellationToken ct)
    {
        string[] parts = Parts(entry.Name);
        if (parts.Length == 0 || entry.EntryType is TarEntryType.GlobalExtendedAttributes or TarEntryType.ExtendedAttributes)
        {
            return;
        }

        using SafeFileHandle parent = OpenMaking(parts[..^1]);
        if (entry.EntryType == TarEntryType.HardLink)
        {
            PutHardLink(entry, parent, parts);
            return;
        }

        string path = $"/proc/self/fd/{parent.DangerousGetHandle()}/{parts[^1]}";
        bool isDirectory = entry.EntryType == TarEntryType.Directory;
        bool exists = RemoveExisting(parent, parts, path, isDirectory);
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                if (!exists)
                {
                    Directory.CreateDirectory(path);
                }

                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                await WriteFileAsync(entry, path, ct);
                return;
            case TarEntryType.SymbolicLink:
                File.CreateSymbolicLink(path, entry.LinkName);
                break;
            case TarEntryType.Fifo:
                LibC.MakeNode(path, FifoKind | (uint)entry.Mode, 0, 0);
                break;
            case TarEntryType.CharacterDevice or TarEntryType.BlockDevice:
                var device = entry as PosixTarEntry ?? throw ClusterException.Invalid($"{entry.Name}: a device without its numbers");
                LibC.MakeNode(path, (entry.EntryType == TarEntryType.BlockDevice ? BlockKind : CharacterKind) | (uint)entry.Mode, device.DeviceMajor, device.DeviceMinor);
                break;
            default:
                throw ClusterException.Invalid($"{entry.Name}: entries of type {entry.EntryType} are not supported");
        }

        (uint uid, uint gid) = OwnerOf(entry);
        LibC.ChangeOwner(path, uid, gid);
        if (isDirectory)
        {
            using SafeFileHandle made = LibC.OpenBelow(parent, parts[^1], LibC.OpenDirectory | LibC.OpenNoFollow)
                ?? throw ClusterException.Invalid($"{entry.Name} was removed while it was being copied");
            File.SetUnixFileMode(made, entry.Mode);
            File.SetLastWriteTimeUtc(made, entry.ModificationTime.UtcDateTime);
        }
    }

    /// <summary>Looks at the target before anything gives way to the link: a broken archive costs no file.</summary>
    private void PutHardLink(TarEntry entry, SafeFileHandle parent, string[] parts)
    {
        string[] target = Parts(entry.LinkName);
        if (target.Length == 0)
        {
            throw ClusterException.Invalid($"{entry.Name}: a hard link to nothing");
        }

        using SafeFileHandle? there = root.Open(PathOf(target[..^1]), LibC.OpenPath | LibC.OpenDirectory);
        using SafeFileHandle? first = there is null ? null : LibC.OpenBelow(there, target[^1], LibC.OpenPath | LibC.OpenNoFollow);
        if (there is null || first is null)
        {
            throw ClusterException.Invalid($"{entry.Name}: a hard link to {entry.LinkName}, which is not there");
        }

        FileFacts from = LibC.FactsOf(there), to = LibC.FactsOf(parent);
        if (target[^1] == parts[^1] && (from.Device, from.Inode) == (to.Device, to.Inode))
        {
            throw ClusterException.Invalid($"{entry.Name}: a hard link to itself");
        }

        string path = $"/proc/self/fd/{parent.DangerousGetHandle()}/{parts[^1]}";
        RemoveExisting(parent, parts, path, isDirectory: false);
        LibC.HardLink($"/proc/self/fd/{there.DangerousGetHandle()}/{target[^1]}", path);
    }

    private string PathOf(string[] parts) => string.Join('/', [destination.TrimEnd('/'), .. parts]) is { Length: > 0 } path ? path : "/";

    private async Task WriteFileAsync(TarEntry entry, string path, CancellationToken ct)
    {
        // CreateNew follows no link at the end of the path.
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        if (entry.DataStream is { } data)
        {
            await data.CopyToAsync(file, ct);
        }

        (uint uid, uint gid) = OwnerOf(entry);
        LibC.ChangeOwner(file.SafeFileHandle, uid, gid);
        File.SetUnixFileMode(file.SafeFileHandle, entry.Mode);
        await file.FlushAsync(ct);
        File.SetLastWriteTimeUtc(file.SafeFileHandle, entry.ModificationTime.UtcDateTime);
    }

    /// <summary>Takes away what is in the entry's place. True when a directory is there that may stay.</summary>
    private bool RemoveExisting(SafeFileHandle parent, string[] parts, string path, bool isDirectory)
    {
        using SafeFileHandle? present = LibC.OpenBelow(parent, parts[^1], LibC.OpenPath | LibC.OpenNoFollow);
        if (present is null)
        {
            return false;
        }

        bool wasDirectory = LibC.FactsOf(present).IsDirectory;
        if (wasDirectory && isDirectory)
        {
            return true;
        }

        string name = PathOf(parts);
        if (keepKinds && wasDirectory != isDirectory)
        {
            throw ClusterException.Invalid(
                wasDirectory ? $"cannot overwrite directory \"{name}\" with non-directory \"{name}\"" : $"cannot overwrite non-directory \"{name}\" with directory \"{name}\"");
        }

        if (wasDirectory)
        {
            Directory.Delete(path); // Only an empty one: a whole tree is not thrown away for a file.
        }
        else
        {
            File.Delete(path);
        }

        return false;
    }

    private SafeFileHandle OpenMaking(string[] parts)
    {
        string path = destination;
        SafeFileHandle at = root.Open(path, LibC.OpenPath | LibC.OpenDirectory) ?? throw ClusterException.Invalid($"{path} is gone");
        foreach (string part in parts)
        {
            path = $"{path.TrimEnd('/')}/{part}";
            SafeFileHandle? next = root.Open(path, LibC.OpenPath | LibC.OpenDirectory);
            if (next is null && LibC.OpenBelow(at, part, LibC.OpenPath | LibC.OpenNoFollow) is { } present)
            {
                present.Dispose();
                at.Dispose();
                throw ClusterException.Invalid($"{path} is not a directory, or a link that leads nowhere");
            }

            if (next is null)
            {
                Directory.CreateDirectory($"/proc/self/fd/{at.DangerousGetHandle()}/{part}");
                next = root.Open(path, LibC.OpenPath | LibC.OpenDirectory);
            }

            at.Dispose();
            at = next ?? throw ClusterException.Invalid($"{path} is not a directory");
        }

        return at;
    }

    private (uint Uid, uint Gid) OwnerOf(TarEntry entry) => owner ?? ((uint)entry.Uid, (uint)entry.Gid);

    private static string[] Parts(string name)
    {
        string[] parts = [.. name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".")];
        return parts.Contains("..") ? throw ClusterException.Invalid($"\"{name}\" in the archive leads out of its directory") : parts;
    }
}
