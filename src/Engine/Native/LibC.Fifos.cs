using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skep.Engine.Native;

/// <summary>Named pipes, read and written without blocking, and waiting for them.</summary>
/// <remarks>Source: fifo(7), mkfifo(3), poll(2), eventfd(2).</remarks>
internal static partial class LibC
{
    private const int OpenReadOnly = 0;
    private const int OpenReadWrite = 2;
    private const int OpenNonBlocking = 0x800;
    private const int OpenCloseOnExec = 0x80000;
    private const int TryAgain = 11;
    private const int Interrupted = 4;
    private const short PollIn = 1;
    private const short PollOut = 4;

    public static void MakeFifo(string path)
    {
        const uint ownerOnly = 0x180;
        if (mkfifo(path, ownerOnly) != 0)
        {
            throw Failure($"mkfifo {path}");
        }
    }

    /// <summary>Opens at once, whoever is at the other end.</summary>
    /// <param name="forWriting">Opened both ways, since a pipe nobody reads yet cannot be opened for writing alone.</param>
    public static SafeFileHandle OpenFifo(string path, bool forWriting)
    {
        SafeFileHandle handle = open(path, (forWriting ? OpenReadWrite : OpenReadOnly) | OpenNonBlocking | OpenCloseOnExec, 0);
        return handle.IsInvalid ? throw Failure($"open {path}") : handle;
    }

    /// <returns>-1: nothing there yet. 0: the end.</returns>
    public static int TryRead(SafeFileHandle file, Span<byte> buffer)
    {
        nint count = read(file, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
        return count >= 0 ? (int)count : Marshal.GetLastPInvokeError() is TryAgain or Interrupted ? -1 : throw Failure("read");
    }

    /// <returns>-1: no room yet.</returns>
    public static int TryWrite(SafeFileHandle file, ReadOnlySpan<byte> data)
    {
        nint count = write(file, ref MemoryMarshal.GetReference(data), (nuint)data.Length);
        return count >= 0 ? (int)count : Marshal.GetLastPInvokeError() is TryAgain or Interrupted ? -1 : throw Failure("write");
    }

    /// <summary>Something to wait for beside a pipe, so that the wait can be ended.</summary>
    public static SafeFileHandle NewBell()
    {
        SafeFileHandle bell = eventfd(0, OpenCloseOnExec | OpenNonBlocking);
        return bell.IsInvalid ? throw Failure("eventfd") : bell;
    }

    public static void Ring(SafeFileHandle bell)
    {
        Span<byte> one = stackalloc byte[8];
        one[0] = 1;
        TryWrite(bell, one);
    }

    /// <summary>Blocks until the pipe can be read or written, or has ended (true), or the bell was rung (false).</summary>
    public static bool AwaitReady(SafeFileHandle file, bool forWriting, SafeFileHandle bell)
    {
        bool held = false;
        bool bellHeld = false;
        try
        {
            file.DangerousAddRef(ref held);
            bell.DangerousAddRef(ref bellHeld);
            Span<PollEntry> entries =
            [
                new PollEntry { File = (int)file.DangerousGetHandle(), Events = forWriting ? PollOut : PollIn },
                new PollEntry { File = (int)bell.DangerousGetHandle(), Events = PollIn },
            ];
            while (poll(ref MemoryMarshal.GetReference(entries), 2, -1) < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error != Interrupted)
                {
                    throw new IOException("poll", new Win32Exception(error));
                }
            }

            return entries[1].Returned == 0;
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }

            if (bellHeld)
            {
                bell.DangerousRelease();
            }
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int File;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle file, ref byte buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, ref byte buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial SafeFileHandle eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollEntry entries, nuint count, int timeoutMilliseconds);
}
