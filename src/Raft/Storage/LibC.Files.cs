using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skep.Raft;

/// <summary>The file calls .NET does not offer: fdatasync, fsync of a directory, fallocate.</summary>
internal static partial class LibC
{
    private const int Interrupted = 4;
    private const int NotSupported = 95;
    private const int ReadOnly = 0;
    private const int DirectoryOnly = 0x10000;
    private const int CloseOnExec = 0x80000;

    public static void SyncData(SafeFileHandle handle, string name)
    {
        if (fdatasync(handle) != 0)
        {
            throw Failed("fdatasync", name);
        }
    }

    public static void Sync(SafeFileHandle handle, string name)
    {
        if (fsync(handle) != 0)
        {
            throw Failed("fsync", name);
        }
    }

    public static SafeFileHandle OpenDirectory(string path)
    {
        // O_DIRECTORY differs on arm64; a plain read-only open of a directory works everywhere.
        int flags = ReadOnly | CloseOnExec | (RuntimeInformation.ProcessArchitecture == Architecture.X64 ? DirectoryOnly : 0);
        SafeFileHandle handle = open(path, flags);
        return handle.IsInvalid ? throw Failed("open", path) : handle;
    }

    public static void Allocate(SafeFileHandle handle, long length, string name)
    {
        if (length == 0)
        {
            return;
        }

        while (fallocate(handle, 0, 0, length) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted: continue;
                case NotSupported:
                    RandomAccess.SetLength(handle, length); // a file system without reservations: a sparse file serves
                    return;
                default: throw Failed("fallocate", name);
            }
        }
    }

    private static IOException Failed(string call, string name)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of {name}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle fd, int mode, long offset, long length);
}
