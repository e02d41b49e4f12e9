using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;
using Skep.Engine.Exec;
using Skep.Engine.Native;

namespace Skep.Engine.Files;

/// <summary>Writes files of a container as a tar archive.</summary>
/// <param name="crossMounts">False: what is mounted below the start stays out, as in an export. True: volumes are in, kernel file systems and tmpfs are not.</param>
internal sealed class TarArchiver(TarWriter tar, bool crossMounts)
{
    private static readonly HashSet<long> NotFiles =
    [
        0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x1cd1, 0x19800202, 0x01021994, // proc, sysfs, cgroup, cgroup2, devpts, mqueue, tmpfs
    ];

    /// <summary>First names of files with several.</summary>
    private readonly Dictionary<(ulong, ulong), string> _named = [];

    /// <param name="place">Opened as a place, links not followed.</param>
    /// <param name="name">In the archive, without a slash at the end.</param>
    public async Task AddAsync(SafeFileHandle place, string name, CancellationToken ct)
    {
        FileFacts facts = LibC.FactsOf(place);
        if (facts.IsDirectory)
        {
            if (name.Length > 0)
            {
                await WriteAsync(TarEntryType.Directory, name.EndsWith('/') ? name : name + "/", facts, null, null, ct);
            }

            foreach (string path in Directory.EnumerateFileSystemEntries(PathOf(place)).Order(StringComparer.Ordinal))
            {
                await AddChildAsync(place, Path.GetFileName(path), name, ct);
            }
        }
        else if (facts.Links > 1 && _named.TryGetValue((facts.Device, facts.Inode), out string? first))
        {
            await WriteAsync(TarEntryType.HardLink, name, facts, first, null, ct);
        }
        else if (facts.IsLink)
        {
            await WriteAsync(TarEntryType.SymbolicLink, name, facts, LibC.LinkText(place), null, ct);
        }
        else if (facts.IsRegular)
        {
            if (facts.Links > 1)
            {
                _named[(facts.Device, facts.Inode)] = name;
            }

            await using var data = new FileStream(PathOf(place), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await WriteAsync(TarEntryType.RegularFile, name, facts, null, data, ct);
        }
        else if (facts.IsCharacterDevice || facts.IsBlockDevice || facts.IsFifo)
        {
            TarEntryType type = facts.IsFifo ? TarEntryType.Fifo : facts.IsBlockDevice ? TarEntryType.BlockDevice : TarEntryType.CharacterDevice;
            await WriteAsync(type, name, facts, null, null, ct);
        }
    }

    private async Task AddChildAsync(SafeFileHandle directory, string child, string name, CancellationToken ct)
    {
        string childName = name.EndsWith('/') ? name + child : name.Length == 0 ? child : $"{name}/{child}";
        SafeFileHandle? place = LibC.OpenBelow(directory, child, LibC.OpenPath | LibC.OpenNoFollow, LibC.ResolveNoCrossing);
        if (place is not null)
        {
            using (place)
            {
                await AddAsync(place, childName, ct);
            }

            return;
        }

        // Gone meanwhile, or a mount.
        using SafeFileHandle? beyond = LibC.OpenBelow(directory, child, LibC.OpenPath | LibC.OpenNoFollow);
        if (beyond is null)
        {
            return;
        }

        FileFacts facts = LibC.FactsOf(beyond);
        if (crossMounts && !NotFiles.Contains(LibC.FileSystemOf(beyond)))
        {
            await AddAsync(beyond, childName, ct);
        }
        else if (facts.IsDirectory)
        {
            await WriteAsync(TarEntryType.Directory, childName + "/", facts, null, null, ct);
        }
        else if (facts.IsRegular)
        {
            await WriteAsync(TarEntryType.RegularFile, childName, facts, null, new MemoryStream(), ct);
        }
    }

    private async Task WriteAsync(TarEntryType type, string name, FileFacts facts, string? link, Stream? data, CancellationToken ct)
    {
        var entry = new PaxTarEntry(type, name) { Uid = (int)facts.Uid, Gid = (int)facts.Gid, Mode = facts.Permissions, ModificationTime = facts.Modified };
        if (link is not null)
        {
            entry.LinkName = link;
        }

        if (data is not null)
        {
            entry.DataStream = data;
        }

        if (type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice)
        {
            entry.DeviceMajor = facts.DeviceMajor;
            entry.DeviceMinor = facts.DeviceMinor;
        }

        await tar.WriteEntryAsync(entry, ct);
    }

    private static string PathOf(SafeFileHandle place) => $"/proc/self/fd/{place.DangerousGetHandle()}";
}
