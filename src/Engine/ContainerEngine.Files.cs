using System.Formats.Tar;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using Skep.Engine.Containerd;
using Skep.Engine.Files;
using Skep.Engine.Native;
using Skep.Engine.Oci;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine;

/// <summary>A file of a container as <c>docker cp</c> wants to know it.</summary>
/// <param name="Mode">st_mode: kind and permissions.</param>
/// <param name="LinkTarget">Of a symbolic link, as written in it; else empty.</param>
public sealed record PathFacts(string Name, long Size, int Mode, DateTimeOffset Modified, string LinkTarget);

/// <summary>What a container did to a file of its image.</summary>
public enum ChangeKind
{
    Modified,
    Added,
    Deleted,
}

public sealed record FileChange(string Path, ChangeKind Kind);

public sealed partial class ContainerEngine
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>: the container or the file.</exception>
    public async Task<PathFacts> StatFileAsync(string container, string path, CancellationToken ct)
    {
        FoundContainer found = FindContainer(container);
        using ContainerRoot root = await OpenRootAsync(found, withVolumes: true, ct);
        using SafeFileHandle place = Place(root, path, container);
        FileFacts facts = LibC.FactsOf(place);
        return new PathFacts(BaseOf(path), facts.Size, facts.Mode, facts.Modified, facts.IsLink ? LinkTarget(path, LibC.LinkText(place)) : "");
    }

    /// <summary>Writes a file or a directory with all below as a tar archive.</summary>
    /// <param name="begin">Called with the facts before the first byte; returns where to write.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>: the container or the file.</exception>
    public async Task ReadArchiveAsync(string container, string path, Func<PathFacts, Task<Stream>> begin, CancellationToken ct)
    {
        FoundContainer found = FindContainer(container);
        using ContainerRoot root = await OpenRootAsync(found, withVolumes: true, ct);
        using SafeFileHandle place = Place(root, path, container);
        FileFacts facts = LibC.FactsOf(place);
        string name = BaseOf(path);
        Stream output = await begin(new PathFacts(name, facts.Size, facts.Mode, facts.Modified, facts.IsLink ? LinkTarget(path, LibC.LinkText(place)) : ""));
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        await new TarArchiver(tar, crossMounts: true).AddAsync(place, name, ct);
    }

    /// <summary>Unpacks a tar archive, gzip or not, into a directory of the container.</summary>
    /// <param name="keepKinds">Refuse to replace a directory by a file and the other way round.</param>
    /// <param name="toContainerUser">The container's user owns what is unpacked, not whom the archive names.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.InvalidArgument"/>: no directory, no archive, read-only.</exception>
    public async Task WriteArchiveAsync(string container, string path, bool keepKinds, bool toContainerUser, Stream archive, CancellationToken ct)
    {
        FoundContainer found = FindContainer(container);
        using ContainerRoot root = await OpenRootAsync(found, withVolumes: true, ct);
        using (SafeFileHandle place = root.Open(path, LibC.OpenPath) ?? throw NoSuchFile(path, container))
        {
            if (!LibC.FactsOf(place).IsDirectory)
            {
                throw ClusterException.Invalid("extraction point is not a directory");
            }
        }

        (uint, uint)? owner = null;
        if (toContainerUser && found.Spec.User.Split(':') is [var uid, var gid])
        {
            owner = (uint.Parse(uid, System.Globalization.CultureInfo.InvariantCulture), uint.Parse(gid, System.Globalization.CultureInfo.InvariantCulture));
        }

        try
        {
            await using Stream? plain = await UnzippedAsync(archive, ct);
            if (plain is not null)
            {
                await new TarExtractor(root, path, keepKinds, owner).ExtractAsync(plain, ct);
            }
        }
        catch (IOException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, e.Message, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, e.Message, e);
        }
    }

    /// <summary>Writes the container's whole file system, without what is mounted into it.</summary>
    /// <param name="begin">Called before the first byte; returns where to write.</param>
    public async Task ExportAsync(string container, Func<Task<Stream>> begin, CancellationToken ct)
    {
        FoundContainer found = FindContainer(container);
        using ContainerRoot root = await OpenRootAsync(found, withVolumes: false, ct);
        Stream output = await begin();
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        await new TarArchiver(tar, crossMounts: false).AddAsync(root.Handle, "", ct);
    }

    /// <summary>What the container added, changed and deleted.</summary>
    public async Task<ValueList<FileChange>> ListChangesAsync(string container, CancellationToken ct)
    {
        FoundContainer found = FindContainer(container);
        IReadOnlyList<Cd.MountPoint> mounts = await _shop.Runtime.RootMountsAsync(found.Id, ct);
        var mountedOver = found.Spec.Mounts.Select(m => m.Destination).ToHashSet(StringComparer.Ordinal);
        return mounts is [var mount] ? LayerChanges.Read(mount.Options, mountedOver) : [];
    }

    /// <summary>A running container's files as it sees them; else its snapshot, mounted for as long as this is open.</summary>
    private async Task<ContainerRoot> OpenRootAsync(FoundContainer container, bool withVolumes, CancellationToken ct)
    {
        if (await _shop.Runtime.StateAsync(container.Id, ct) is { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused } process)
        {
            return ContainerRoot.OfProcess((int)process.Pid);
        }

        IReadOnlyList<Cd.MountPoint> mounts = await _shop.Runtime.RootMountsAsync(container.Id, ct);
        if (mounts is not [var mount])
        {
            throw new ClusterException(ErrorKind.NotFound, $"the files of container {container.Id} are gone");
        }

        string point = Path.Combine(_options.RunDirectory, "roots", _shop.Ids.Next());
        Directory.CreateDirectory(point);
        if (mount.Type == "bind")
        {
            LibC.Mount(mount.Source, point, "", LibC.MountBind | LibC.MountRecursive, "");
        }
        else
        {
            LibC.Mount("overlay", point, mount.Type, 0, string.Join(',', mount.Options.Where(o => o is not ("ro" or "rw"))));
        }

        try
        {
            using SafeFileHandle root = LibC.OpenRoot(point);
            foreach (OciMount volume in withVolumes ? container.Spec.Mounts.Where(m => m.Type == "bind" && Path.Exists(m.Source)) : [])
            {
                // By its descriptor: it may lie in a volume mounted before, where another container can put a link in its stead.
                using SafeFileHandle? target = LibC.OpenBelow(root, volume.Destination, LibC.OpenPath, LibC.ResolveNoMagicLinks);
                if (target is not null)
                {
                    LibC.Mount(volume.Source, $"/proc/self/fd/{target.DangerousGetHandle()}", "", LibC.MountBind | LibC.MountRecursive, "");
                }
            }

            return ContainerRoot.OfDirectory(point, Unmount);
        }
        catch
        {
            Unmount();
            throw;
        }

        void Unmount()
        {
            LibC.Detach(point); // And with it what is mounted below.
            Directory.Delete(point);
        }
    }

    private static SafeFileHandle Place(ContainerRoot root, string path, string container)
    {
        if (path.Length == 0)
        {
            throw ClusterException.Invalid("bad parameter: 'path' cannot be empty");
        }
        // "dir/" and "dir/." mean the directory, also behind a link.
        bool follows = path.EndsWith('/') || path.EndsWith("/.", StringComparison.Ordinal);
        return root.Open(path, LibC.OpenPath | (follows ? LibC.OpenDirectory : LibC.OpenNoFollow)) ?? throw NoSuchFile(path, container);
    }

    private static ClusterException NoSuchFile(string path, string container) => new(ErrorKind.NotFound, $"Could not find the file {path} in container {container}");

    /// <summary>The last part, as Go's filepath.Base after its clean-up that keeps a final dot.</summary>
    internal static string BaseOf(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is [.., "."])
        {
            return ".";
        }

        string last = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath("/" + path)));
        return last.Length > 0 ? last : "/";
    }

    private static string LinkTarget(string path, string text) => text.StartsWith('/') ? text : Path.GetFullPath($"/{Path.GetDirectoryName(path.TrimEnd('/'))?.TrimStart('/')}/{text}");

    /// <summary>Null for an empty body, which is an empty archive to Docker.</summary>
    private static async Task<Stream?> UnzippedAsync(Stream archive, CancellationToken ct)
    {
        byte[] start = new byte[2];
        int count = await archive.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, ct);
        if (count == 0)
        {
            return null;
        }

        var whole = new PrefixedStream(start.AsMemory(0, count), archive);
        return count == 2 && start[0] == 0x1f && start[1] == 0x8b ? new GZipStream(whole, CompressionMode.Decompress) : whole;
    }
}
