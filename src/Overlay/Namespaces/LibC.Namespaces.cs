using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Skep.Overlay.Namespaces;

/// <summary>Files and mount points of namespaces.</summary>
internal static partial class LibC
{
    private const int OpenReadOnlyCloseOnExec = 0x80000;
    private const ulong MountBind = 4096;
    private const int UnmountDetach = 2;
    private const int NoSuchFile = 2;
    private const int Invalid = 22;

    /// <summary>Opens a namespace file (or anything else) for reading.</summary>
    public static FileDescriptor OpenRead(string path)
    {
        int fd = open(path, OpenReadOnlyCloseOnExec);
        return fd >= 0 ? new FileDescriptor(fd) : throw KernelException.Last($"open {path}");
    }

    /// <summary>Takes a namespace's mount point away and removes its file. What does not exist is no error.</summary>
    public static void UnmountAndUnlink(string path)
    {
        if (umount2(path, UnmountDetach) != 0 && Marshal.GetLastPInvokeError() is not (NoSuchFile or Invalid))
        {
            throw KernelException.Last($"umount {path}");
        }

        if (unlink(path) != 0 && Marshal.GetLastPInvokeError() != NoSuchFile)
        {
            throw KernelException.Last($"unlink {path}");
        }
    }

    /// <summary>Whether a file is the mount point of a network namespace.</summary>
    public static bool IsNetworkNamespace(string path)
    {
        const nuint getNamespaceType = 0xb703;
        const int cloneNewNet = 0x40000000;
        using FileDescriptor file = OpenRead(path);
        return ioctl(file.Value, getNamespaceType) == cloneNewNet;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);
}

/// <summary>An owned file descriptor that is not a <see cref="System.Net.Sockets.Socket"/>'s.</summary>
internal sealed class FileDescriptor : SafeHandle
{
    public FileDescriptor(int fd) : base(-1, ownsHandle: true) => SetHandle(fd);

    public int Value => (int)handle;

    public override bool IsInvalid => handle < 0;

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;
}

/// <summary>The kernel said no.</summary>
internal sealed class KernelException(string what, int errno)
    : Exception($"{what}: {new Win32Exception(errno).Message} (errno {errno})")
{
    public int Errno { get; } = errno;

    public static KernelException Last(string what) => new(what, Marshal.GetLastPInvokeError());
}
