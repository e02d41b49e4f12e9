using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skep.Engine.Native;

/// <summary>System calls on files and mounts that .NET does not offer. Errors are <see cref="IOException"/>s with the system's text.</summary>
/// <remarks>Source: mount(2), umount2(2), fallocate(2), chown(2), statfs(2), inotify(7).</remarks>
internal static partial class LibC
{
    private const int FallocKeepSize = 1;
    private const int FallocPunchHole = 2;
    private const long TmpfsMagic = 0x01021994;

    public const ulong MountReadOnly = 1;
    public const ulong MountNoSuid = 2;
    public const ulong MountNoDev = 4;
    public const ulong MountNoExec = 8;
    public const ulong MountBind = 4096;
    public const ulong MountRecursive = 16384;

    public static void Mount(string source, string target, string type, ulong flags, string data)
    {
        if (mount(source, target, type, (nuint)flags, data) != 0)
        {
            throw Failure($"mount {type} {source} at {target}");
        }
    }

    /// <summary>Detaches at once; goes when its last user does. No error when nothing is mounted.</summary>
    public static void Detach(string target)
    {
        const int detach = 2;
        const int invalid = 22;
        const int noEntry = 2;
        if (umount2(target, detach) != 0 && Marshal.GetLastPInvokeError() is not (invalid or noEntry))
        {
            throw Failure($"umount {target}");
        }
    }

    public static bool IsTmpfs(string path)
    {
        Span<long> buffer = stackalloc long[32];
        return statfs(path, ref MemoryMarshal.GetReference(buffer)) == 0 && buffer[0] == TmpfsMagic;
    }

    public static void ChangeOwner(string path, uint user, uint group)
    {
        if (lchown(path, user, group) != 0)
        {
            throw Failure($"chown {path}");
        }
    }

    /// <summary>Gives the disk space of a part of a file back; its length and the rest stay. False where the file system cannot.</summary>
    public static bool PunchHole(SafeFileHandle file, long offset, long length) => fallocate(file, FallocKeepSize | FallocPunchHole, offset, length) == 0;

    /// <summary>A named pipe for root alone; nothing is done when it is there.</summary>
    public static void MakePipe(string path)
    {
        const int exists = 17;
        if (mkfifo(path, 0x180) != 0 && Marshal.GetLastPInvokeError() != exists)
        {
            throw Failure($"mkfifo {path}");
        }
    }

    /// <summary>Opens a named pipe for both directions, which never waits for another side.</summary>
    public static SafeFileHandle OpenPipe(string path)
    {
        const int readWriteCloseOnExec = 2 | 0x80000;
        int fd = open(path, readWriteCloseOnExec);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw Failure($"open {path}");
    }

    /// <summary>Writes to a pipe; waits while it is full.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(SafeFileHandle pipe, ReadOnlySpan<byte> data)
    {
        const int interrupted = 4;
        while (true)
        {
            nint written = write(pipe, data, (nuint)data.Length);
            if (written >= 0)
            {
                return (int)written;
            }

            if (Marshal.GetLastPInvokeError() != interrupted)
            {
                throw Failure("write");
            }
        }
    }

    private static IOException Failure(string what)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", new Win32Exception(error));
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint user, uint group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statfs(string path, ref long buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, ReadOnlySpan<byte> data, nuint length);
}
