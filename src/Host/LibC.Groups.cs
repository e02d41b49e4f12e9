using System.Runtime.InteropServices;

namespace Skep.Host;

/// <summary>Calls of libc that have no counterpart in .NET: owners of files.</summary>
internal static partial class LibC
{
    /// <summary>Gives the file to the group; leaves it as it is when the machine has no such group.</summary>
    public static void TryChangeGroup(string path, string group)
    {
        string? line = File.Exists("/etc/group") ? File.ReadLines("/etc/group").FirstOrDefault(l => l.StartsWith(group + ":", StringComparison.Ordinal)) : null;
        if (line?.Split(':') is [_, _, var id, ..] && uint.TryParse(id, out uint gid) && ChangeOwner(path, uint.MaxValue, gid) != 0)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"cannot give {path} to group {group}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    public static bool IsRoot => GetEffectiveUser() == 0;

    /// <remarks>chown(2); an owner of -1 stays.</remarks>
    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();
}
