using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Skep.Engine.Native;

namespace Skep.Engine.Volumes;

/// <summary>Parts of volumes, each mounted at a place of its own beside the volume's files, where no container can reach.</summary>
/// <remarks>
/// A runtime that is given a path inside a volume looks it up again, and whoever has the volume may meanwhile have put a link to anywhere in its stead. So the part is
/// looked up once, below the volume's root, and what was found is mounted by its descriptor; the runtime gets the place, whose path only we write.
/// A place lasts until its container is removed, or the machine is rebooted: each start makes it anew.
/// </remarks>
/// <param name="directory">Of the volumes.</param>
internal sealed class SubpathMounts(string directory)
{
    private const string Places = "subpaths";

    private readonly ConcurrentDictionary<string, TaskId> _owners = new(Found(directory));

    /// <summary>Mounts a part of a volume.</summary>
    /// <param name="subpath">Relative to the volume; links in it lead nowhere out of the volume.</param>
    /// <param name="owner">Whose container it is for.</param>
    /// <param name="target">Where the container will see it; tells apart the places of one container.</param>
    /// <returns>The place; it lies in the volume's own directory.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: there is no such part.</exception>
    public string Mount(LocalVolume volume, string subpath, TaskId owner, string target)
    {
        using SafeFileHandle root = LibC.OpenRoot(volume.MountPoint);
        using SafeFileHandle part = LibC.OpenBelow(root, subpath, LibC.OpenPath, LibC.ResolveNoMagicLinks)
            ?? throw ClusterException.Invalid($"cannot access path {Path.Combine(volume.MountPoint, subpath)}: no such file or directory");
        string number = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(target)))[..12];
        string place = Path.Combine(directory, volume.Name, Places, $"{owner.Value}-{number}");
        _owners[place] = owner;
        Remove(place);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (LibC.FactsOf(part).IsDirectory)
        {
            Directory.CreateDirectory(place);
        }
        else
        {
            File.WriteAllBytes(place, []);
        }

        LibC.Mount($"/proc/self/fd/{part.DangerousGetHandle()}", place, "", LibC.MountBind | LibC.MountRecursive, "");
        return place;
    }

    /// <summary>The container is gone.</summary>
    public void Release(TaskId owner)
    {
        foreach (string place in _owners.Where(o => o.Value == owner).Select(o => o.Key))
        {
            Remove(place);
            _owners.TryRemove(place, out _);
        }
    }

    /// <summary>The volume is to be removed.</summary>
    public void Release(LocalVolume volume)
    {
        string prefix = Path.Combine(directory, volume.Name, Places) + "/";
        foreach (string place in _owners.Keys.Where(p => p.StartsWith(prefix, StringComparison.Ordinal)))
        {
            Remove(place);
            _owners.TryRemove(place, out _);
        }
    }

    /// <summary>Never with what is below: were it still mounted, that would be the volume's files.</summary>
    private static void Remove(string place)
    {
        LibC.Detach(place);
        if (Directory.Exists(place))
        {
            Directory.Delete(place);
        }
        else if (File.Exists(place))
        {
            File.Delete(place);
        }
    }

    /// <summary>Places that earlier engines made. Those of an earlier boot go: an empty place must not be taken for the part.</summary>
    private static IEnumerable<KeyValuePair<string, TaskId>> Found(string directory)
    {
        var mounted = File.ReadLines("/proc/self/mounts").Select(l => l.Split(' ')[1].Replace(@"\040", " ", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        foreach (string volume in Directory.Exists(directory) ? Directory.GetDirectories(directory) : [])
        {
            string places = Path.Combine(volume, Places);
            foreach (string place in Directory.Exists(places) ? Directory.GetFileSystemEntries(places) : [])
            {
                if (!mounted.Contains(place))
                {
                    Remove(place);
                    continue;
                }

                string name = Path.GetFileName(place);
                yield return new(place, new TaskId(name[..Math.Max(0, name.LastIndexOf('-'))]));
            }
        }
    }
}
