using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skep.Engine.Native;

/// <summary>Files below a directory that is taken for the root: no link leads out of it, also when somebody changes links meanwhile.</summary>
/// <remarks>Source: openat2(2) RESOLVE_IN_ROOT (Linux 5.6), statx(2), linux/openat2.h, linux/stat.h.</remarks>
internal static partial class LibC
{
    private const int NoSuchFile = 2;
    private const int NotADirectory = 20;
    private const int CrossesMount = 18;
    private const long OpenAt2 = 437;
    private const int AtEmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;

    public const int OpenPath = 0x200000;
    public const int OpenDirectory = 0x10000;
    public const int OpenNoFollow = 0x20000;
    public const ulong ResolveNoCrossing = 0x01;
    public const ulong ResolveNoMagicLinks = 0x02;
    public const ulong ResolveNoSymlinks = 0x04;
    private const ulong ResolveInRoot = 0x10;

    /// <summary>A directory as a place to look below.</summary>
    public static SafeFileHandle OpenRoot(string path)
    {
        SafeFileHandle handle = open(path, OpenPath | OpenDirectory | OpenCloseOnExec, 0);
        return handle.IsInvalid ? throw Failure($"open {path}") : handle;
    }

    /// <summary>Opens a path as a process whose root is <paramref name="root"/> would.</summary>
    /// <returns>Null: it does not exist, or lies beyond a mount and <see cref="ResolveNoCrossing"/> was asked.</returns>
    /// <exception cref="IOException">Anything else, with the system's text.</exception>
    public static SafeFileHandle? OpenBelow(SafeFileHandle root, string path, int flags, ulong resolve = 0)
    {
        Span<ulong> how = [(uint)(flags | OpenCloseOnExec), 0, ResolveInRoot | resolve];
        nint number = syscall(OpenAt2, root, path.Length == 0 ? "." : path, ref MemoryMarshal.GetReference(how), 24);
        if (number >= 0)
        {
            return new SafeFileHandle(number, ownsHandle: true);
        }

        return Marshal.GetLastPInvokeError() is NoSuchFile or NotADirectory or CrossesMount ? null : throw Failure($"open {path}");
    }

    public static FileFacts FactsOf(SafeFileHandle file)
    {
        Span<byte> b = stackalloc byte[256];
        if (statx(file, "", AtEmptyPath, BasicStats, ref MemoryMarshal.GetReference(b)) != 0)
        {
            throw Failure("statx");
        }

        DateTimeOffset modified = DateTimeOffset.UnixEpoch.AddSeconds(BitConverter.ToInt64(b[112..])).AddTicks(BitConverter.ToUInt32(b[120..]) / 100);
        return new FileFacts(
            BitConverter.ToUInt16(b[28..]), BitConverter.ToUInt32(b[20..]), BitConverter.ToUInt32(b[24..]), BitConverter.ToInt64(b[40..]), modified,
            (int)BitConverter.ToUInt32(b[128..]), (int)BitConverter.ToUInt32(b[132..]), BitConverter.ToUInt32(b[16..]), BitConverter.ToUInt64(b[32..]),
            ((ulong)BitConverter.ToUInt32(b[136..]) << 32) | BitConverter.ToUInt32(b[140..]));
    }

    /// <summary>The text of a link opened with <see cref="OpenPath"/> and <see cref="OpenNoFollow"/>.</summary>
    public static string LinkText(SafeFileHandle link)
    {
        byte[] buffer = new byte[4096];
        nint length = readlinkat(link, "", ref buffer[0], (nuint)buffer.Length);
        return length < 0 ? throw Failure("readlinkat") : Encoding.UTF8.GetString(buffer, 0, (int)length);
    }

    /// <summary>The kind of file system, statfs's f_type.</summary>
    public static long FileSystemOf(SafeFileHandle file)
    {
        Span<long> buffer = stackalloc long[32];
        return fstatfs(file, ref MemoryMarshal.GetReference(buffer)) == 0 ? buffer[0] : 0;
    }

    public static void ChangeOwner(SafeFileHandle file, uint user, uint group)
    {
        if (fchown(file, user, group) != 0)
        {
            throw Failure("fchown");
        }
    }

    public static void MakeNode(string path, uint mode, int major, int minor)
    {
        ulong device = ((ulong)(uint)minor & 0xff) | (((ulong)(uint)major & 0xfff) << 8) | (((ulong)(uint)minor & ~0xfful) << 12) | (((ulong)(uint)major & ~0xffful) << 32);
        if (mknod(path, mode, device) != 0)
        {
            throw Failure($"mknod {path}");
        }
    }

    public static void HardLink(string existing, string path)
    {
        if (link(existing, path) != 0)
        {
            throw Failure($"link {path}");
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint syscall(long number, SafeFileHandle directory, string path, ref ulong how, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle directory, string path, int flags, uint mask, ref byte buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlinkat(SafeFileHandle directory, string path, ref byte buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatfs(SafeFileHandle file, ref long buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string path);
}

/// <summary>What the kernel says of a file.</summary>
/// <param name="Mode">Kind and permissions, st_mode.</param>
internal readonly record struct FileFacts(
    int Mode, uint Uid, uint Gid, long Size, DateTimeOffset Modified, int DeviceMajor, int DeviceMinor, uint Links, ulong Inode, ulong Device)
{
    private const int KindMask = 0xf000;

    public UnixFileMode Permissions => (UnixFileMode)(Mode & 0xfff);

    public bool IsDirectory => (Mode & KindMask) == 0x4000;

    public bool IsRegular => (Mode & KindMask) == 0x8000;

    public bool IsLink => (Mode & KindMask) == 0xa000;

    public bool IsCharacterDevice => (Mode & KindMask) == 0x2000;

    public bool IsBlockDevice => (Mode & KindMask) == 0x6000;

    public bool IsFifo => (Mode & KindMask) == 0x1000;
}
