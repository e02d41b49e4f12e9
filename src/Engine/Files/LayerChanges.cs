using Microsoft.Win32.SafeHandles;
using Skep.Engine.Native;

namespace Skep.Engine.Files;

/// <summary>Compares a container's own layer with those below it.</summary>
/// <remarks>Source: kernel Documentation/filesystems/overlayfs.rst: a deleted file is a character device 0/0 in the upper layer.</remarks>
internal static class LayerChanges
{
    /// <param name="mountOptions">Of the overlay: <c>upperdir=…</c>, <c>lowerdir=a:b</c>.</param>
    /// <param name="mountedOver">Places of mounts; what was made for them is no change.</param>
    public static ValueList<FileChange> Read(IEnumerable<string> mountOptions, HashSet<string> mountedOver)
    {
        string? upper = Option("upperdir=");
        if (upper is null)
        {
            return [];
        }

        SafeFileHandle[] lower = [.. (Option("lowerdir=") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(LibC.OpenRoot)];
        try
        {
            var changes = new List<FileChange>();
            using SafeFileHandle top = LibC.OpenRoot(upper);
            Walk(top, "");
            return changes.ToValueList();

            bool Walk(SafeFileHandle directory, string path)
            {
                bool isChanged = false;
                foreach (string name in Directory.EnumerateFileSystemEntries($"/proc/self/fd/{directory.DangerousGetHandle()}").Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal))
                {
                    string child = $"{path}/{name}";
                    using SafeFileHandle? place = LibC.OpenBelow(directory, name, LibC.OpenPath | LibC.OpenNoFollow);
                    if (place is null || mountedOver.Contains(child))
                    {
                        continue;
                    }

                    FileFacts facts = LibC.FactsOf(place);
                    bool isWhiteout = facts is { IsCharacterDevice: true, DeviceMajor: 0, DeviceMinor: 0 };
                    ChangeKind kind = isWhiteout ? ChangeKind.Deleted : IsBelow(child) ? ChangeKind.Modified : ChangeKind.Added;
                    int at = changes.Count;
                    bool hasChanges = facts.IsDirectory && Walk(place, child);
                    // A directory that only holds the place of a mount was not changed by anybody.
                    if (!hasChanges && facts.IsDirectory && mountedOver.Any(m => m.StartsWith(child + "/", StringComparison.Ordinal)))
                    {
                        continue;
                    }

                    changes.Insert(at, new FileChange(child, kind));
                    isChanged = true;
                }

                return isChanged;
            }
        }
        finally
        {
            foreach (SafeFileHandle layer in lower)
            {
                layer.Dispose();
            }
        }

        bool IsBelow(string path)
        {
            foreach (SafeFileHandle layer in lower)
            {
                using SafeFileHandle? there = LibC.OpenBelow(layer, path, LibC.OpenPath | LibC.OpenNoFollow);
                if (there is not null)
                {
                    return LibC.FactsOf(there) is not { IsCharacterDevice: true, DeviceMajor: 0, DeviceMinor: 0 };
                }
            }

            return false;
        }

        string? Option(string name) => mountOptions.FirstOrDefault(o => o.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
    }
}
