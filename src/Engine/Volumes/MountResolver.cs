using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Skep.Engine.Containers;
using Skep.Engine.Images;
using Skep.Engine.Oci;

namespace Skep.Engine.Volumes;

/// <summary>Makes a task's mounts and volumes real and says how the container sees them.</summary>
internal sealed class MountResolver(VolumeStore volumes, SubpathMounts subpaths, ImageViews views)
{
    private static readonly string[] Propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>, in Docker's words.</exception>
    public Task<(ValueList<OciMount> Oci, ValueList<LocalMount> Local)> PrepareAsync(TaskId task, ContainerSpec spec, StoredImage image, CancellationToken ct)
        => PrepareAsync(task, spec, image, [], ct);

    /// <param name="taken">Places that something else is mounted at: the image's volumes there are not wanted.</param>
    public async Task<(ValueList<OciMount> Oci, ValueList<LocalMount> Local)> PrepareAsync(
        TaskId task, ContainerSpec spec, StoredImage image, ValueList<string> taken, CancellationToken ct)
    {
        var oci = new List<OciMount>();
        var local = new List<LocalMount>();
        foreach (Mount mount in spec.Mounts)
        {
            string target = Clean(mount.Target);
            if (!target.StartsWith('/') || target == "/")
            {
                throw ClusterException.Invalid($"invalid mount config for type \"{mount.Kind.ToString().ToLowerInvariant()}\": invalid mount path: '{mount.Target}' mount path must be absolute");
            }

            if (local.Any(m => m.Target == target))
            {
                throw ClusterException.Invalid($"Duplicate mount point: {mount.Target}");
            }

            switch (mount.Kind)
            {
                case MountKind.Bind:
                    Add(Bind(mount, target), new LocalMount(MountKind.Bind, "", mount.Source, target, mount.ReadOnly) { Propagation = mount.Bind?.Propagation ?? "" });
                    break;
                case MountKind.Volume:
                    await AddVolumeAsync(mount, target);
                    break;
                case MountKind.Tmpfs:
                    Add(Tmpfs(mount, target), new LocalMount(MountKind.Tmpfs, "", "", target, mount.ReadOnly));
                    break;
                case MountKind.NamedPipe:
                    throw ClusterException.Invalid("invalid mount config: named pipes are for Windows");
                case MountKind.Cluster:
                    throw ClusterException.Invalid("cluster volumes (CSI) are not supported by this node");
                case MountKind.Image:
                    throw ClusterException.Invalid("mounts of type image are not supported by this node");
            }
        }

        // What the image calls a volume and nobody mounted gets one of its own, which goes with the task.
        foreach (string path in image.Contents.Settings.Volumes.Select(Clean).Where(p => local.All(m => m.Target != p) && !taken.Contains(p)))
        {
            await AddVolumeAsync(new Mount(MountKind.Volume, "", path), path);
        }

        return (oci.ToValueList(), local.ToValueList());

        void Add(OciMount mount, LocalMount seen)
        {
            oci.Add(mount);
            local.Add(seen);
        }

        async Task AddVolumeAsync(Mount mount, string target)
        {
            bool isAnonymous = mount.Source.Length == 0;
            string name = isAnonymous ? AnonymousName(task, target) : mount.Source;
            LocalVolume volume = volumes.Ensure(name, mount.Volume?.Labels ?? ValueMap<string, string>.Empty, mount.Volume?.Driver, isAnonymous);
            bool fill = mount.Volume?.NoCopy != true && image.ChainId.Length > 0 && string.IsNullOrEmpty(mount.Volume?.Subpath);
            await volumes.MountAsync(volume, target, fill ? () => views.OpenAsync(image, ct) : null, ct);
            string source = volume.MountPoint;
            if (mount.Volume?.Subpath is { Length: > 0 } subpath)
            {
                source = subpaths.Mount(volume, subpath, task, target);
            }

            Add(
                new OciMount(target, "bind", source, ["rbind", mount.ReadOnly ? "ro" : "rw", "rprivate"]),
                new LocalMount(MountKind.Volume, name, source, target, mount.ReadOnly) { Driver = volume.Driver });
        }
    }

    /// <summary>Lets go what was made for the mounts of a container that is gone.</summary>
    public void Release(TaskId task) => subpaths.Release(task);

    /// <summary>The name of the volume that a task gets for a path nobody named one for.</summary>
    public static string AnonymousName(TaskId task, string target) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{task}:{target}")));

    private static OciMount Bind(Mount mount, string target)
    {
        if (!mount.Source.StartsWith('/'))
        {
            throw ClusterException.Invalid($"invalid mount config for type \"bind\": invalid mount path: '{mount.Source}' mount path must be absolute");
        }

        if (!Path.Exists(mount.Source))
        {
            if (mount.Bind?.CreateMountpoint != true)
            {
                throw ClusterException.Invalid($"invalid mount config for type \"bind\": bind source path does not exist: {mount.Source}");
            }

            Directory.CreateDirectory(mount.Source);
        }

        string propagation = mount.Bind?.Propagation is { Length: > 0 } asked ? asked : "rprivate";
        if (!Propagations.Contains(propagation))
        {
            throw ClusterException.Invalid($"invalid propagation mode: {propagation}");
        }

        return new OciMount(target, "bind", mount.Source, [mount.Bind?.NonRecursive == true ? "bind" : "rbind", mount.ReadOnly ? "ro" : "rw", propagation]);
    }

    private static OciMount Tmpfs(Mount mount, string target)
    {
        var options = new List<string> { "nosuid", "nodev", "noexec", mount.ReadOnly ? "ro" : "rw" };
        if (mount.Tmpfs is { SizeBytes: > 0 } sized)
        {
            options.Add($"size={sized.SizeBytes.ToString(CultureInfo.InvariantCulture)}");
        }

        if (mount.Tmpfs is { Mode: > 0 } moded)
        {
            options.Add($"mode={Convert.ToString(moded.Mode, 8)}");
        }

        return new OciMount(target, "tmpfs", "tmpfs", options.ToValueList());
    }

    /// <summary>Without double slashes, dots and a final slash.</summary>
    private static string Clean(string path) => path.StartsWith('/') ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)) : path;
}
