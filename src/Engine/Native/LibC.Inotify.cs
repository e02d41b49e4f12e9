using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skep.Engine.Native;

/// <summary>inotify(7).</summary>
internal static partial class LibC
{
    public const uint InModify = 2;
    private const int CloseOnExec = 0x80000;

    public static SafeFileHandle OpenInotify()
    {
        int fd = inotify_init1(CloseOnExec);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw Failure("inotify_init1");
    }

    /// <returns>Names the watch in events.</returns>
    public static int Watch(SafeFileHandle inotify, string path, uint mask)
    {
        int watch = inotify_add_watch(inotify, path, mask);
        return watch >= 0 ? watch : throw Failure($"inotify_add_watch {path}");
    }

    public static void Unwatch(SafeFileHandle inotify, int watch) => _ = inotify_rm_watch(inotify, watch);

    /// <summary>Waits up to a limit until events can be read.</summary>
    public static bool CanRead(SafeFileHandle handle, int milliseconds)
    {
        var poll = new PollFd { Fd = (int)handle.DangerousGetHandle(), Events = 1 };
        return LibC.poll(ref poll, 1, milliseconds) > 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(SafeFileHandle inotify, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(SafeFileHandle inotify, int watch);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollFd descriptors, nuint count, int milliseconds);
}
