using System.Runtime.InteropServices;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Netlink;

/// <summary>Blocking sends and receives on netlink sockets.</summary>
internal static partial class LibC
{
    private const int SolNetlink = 270, CapAck = 10, ExtAck = 11, GetStrictCheck = 12;
    private const int SolSocket = 1, ReceiveBuffer = 8, ReceiveTimeout = 20;
    private const int Interrupted = 4;

    /// <summary>Short acknowledgements with the kernel's reason, a receive buffer for long dumps, no wait for ever.</summary>
    public static unsafe void Configure(FileDescriptor socket)
    {
        int one = 1, size = 1 << 20;
        long* timeout = stackalloc long[2] { 10, 0 };
        _ = setsockopt(socket.Value, SolNetlink, CapAck, &one, 4);
        _ = setsockopt(socket.Value, SolNetlink, ExtAck, &one, 4);
        _ = setsockopt(socket.Value, SolNetlink, GetStrictCheck, &one, 4);
        _ = setsockopt(socket.Value, SolSocket, ReceiveBuffer, &size, 4);
        if (setsockopt(socket.Value, SolSocket, ReceiveTimeout, timeout, 16) != 0)
        {
            throw KernelException.Last("setsockopt");
        }
    }

    public static unsafe void Send(FileDescriptor socket, ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            while (send(socket.Value, bytes, (nuint)data.Length, 0) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Interrupted)
                {
                    throw KernelException.Last("netlink send");
                }
            }
        }
    }

    public static unsafe int Receive(FileDescriptor socket, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                nint count = recv(socket.Value, bytes, (nuint)buffer.Length, 0);
                if (count >= 0)
                {
                    return (int)count;
                }

                if (Marshal.GetLastPInvokeError() != Interrupted)
                {
                    throw KernelException.Last("netlink receive");
                }
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint send(int fd, byte* data, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint recv(int fd, byte* data, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int setsockopt(int fd, int level, int name, void* value, uint length);
}
