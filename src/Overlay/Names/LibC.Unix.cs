using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>Unix stream sockets that carry descriptors, and what a resident process needs of the kernel.</summary>
/// <remarks>Source: unix(7), cmsg(3). .NET's sockets cannot pass descriptors.</remarks>
internal static unsafe partial class LibC
{
    public const short PollIn = 1;
    private const int AfUnix = 1, Stream = 1, CloseOnExec = 0x80000, SolSocket = 1, Rights = 1, PeerCredentials = 17, ReceiveTimeout = 20, SendTimeout = 21;
    private const int NoSignal = 0x4000, ReceiveCloseOnExec = 0x40000000, Interrupted = 4, DuplicateCloseOnExec = 1030, MostFiles = 8;

    public static FileDescriptor OpenUnix() => Checked(socket(AfUnix, Stream | CloseOnExec, 0), "socket");

    /// <summary>False when nobody listens there.</summary>
    public static bool Connect(FileDescriptor socket, string path)
    {
        byte[] address = AddressOf(path);
        fixed (byte* name = address)
        {
            return connect(socket.Value, name, (uint)address.Length) == 0;
        }
    }

    public static void Listen(FileDescriptor socket, string path)
    {
        byte[] address = AddressOf(path);
        fixed (byte* name = address)
        {
            if (bind(socket.Value, name, (uint)address.Length) != 0 || listen(socket.Value, 8) != 0)
            {
                throw KernelException.Last($"listen on {path}");
            }
        }
    }

    public static FileDescriptor Accept(FileDescriptor socket) => Checked(accept4(socket.Value, null, null, CloseOnExec), "accept");

    public static FileDescriptor Duplicate(FileDescriptor file) => Checked(fcntl(file.Value, DuplicateCloseOnExec, 0), "dup");

    /// <summary>No send and no receive takes longer; they fail.</summary>
    public static void SetTimeout(FileDescriptor socket, TimeSpan limit)
    {
        long* timeout = stackalloc long[2] { (long)limit.TotalSeconds, limit.Milliseconds * 1000 };
        if (setsockopt(socket.Value, SolSocket, ReceiveTimeout, timeout, 16) != 0 || setsockopt(socket.Value, SolSocket, SendTimeout, timeout, 16) != 0)
        {
            throw KernelException.Last("setsockopt");
        }
    }

    /// <summary>The process that listens at the other end.</summary>
    public static int PeerOf(FileDescriptor socket)
    {
        int* credentials = stackalloc int[3];
        uint length = 12;
        return getsockopt(socket.Value, SolSocket, PeerCredentials, credentials, &length) == 0 ? credentials[0] : throw KernelException.Last("getsockopt");
    }

    /// <summary>Sends all bytes; the files go with the first of them.</summary>
    public static void Send(FileDescriptor socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<int> files)
    {
        byte* control = stackalloc byte[16 + (MostFiles * 4)];
        while (bytes.Length > 0)
        {
            nint sent;
            fixed (byte* data = bytes)
            {
                var part = new IoVector { Base = data, Length = (nuint)bytes.Length };
                var message = new Message { Parts = &part, PartCount = 1 };
                if (files.Length > 0)
                {
                    *(nuint*)control = (nuint)(16 + (files.Length * 4));
                    ((int*)control)[2] = SolSocket;
                    ((int*)control)[3] = Rights;
                    files.CopyTo(new Span<int>(control + 16, files.Length));
                    message.Control = control;
                    message.ControlLength = (nuint)((16 + (files.Length * 4) + 7) & ~7);
                }
                sent = sendmsg(socket.Value, &message, NoSignal);
            }
            if (sent < 0)
            {
                if (Marshal.GetLastPInvokeError() == Interrupted)
                {
                    continue;
                }

                throw KernelException.Last("send to the names program");
            }
            bytes = bytes[(int)sent..];
            files = [];
        }
    }

    /// <summary>Receives some bytes and whatever files came with them.</summary>
    /// <returns>0 when the other side ended.</returns>
    public static int Receive(FileDescriptor socket, Span<byte> buffer, Queue<FileDescriptor> files)
    {
        byte* control = stackalloc byte[16 + (MostFiles * 4)];
        fixed (byte* data = buffer)
        {
            while (true)
            {
                var part = new IoVector { Base = data, Length = (nuint)buffer.Length };
                var message = new Message { Parts = &part, PartCount = 1, Control = control, ControlLength = 16 + (MostFiles * 4) };
                nint got = recvmsg(socket.Value, &message, ReceiveCloseOnExec);
                if (got < 0)
                {
                    if (Marshal.GetLastPInvokeError() == Interrupted)
                    {
                        continue;
                    }

                    throw KernelException.Last("receive from a Unix socket");
                }
                if (message.ControlLength >= 16 && ((int*)control)[2] == SolSocket && ((int*)control)[3] == Rights)
                {
                    for (int i = 0; i < ((int)*(nuint*)control - 16) / 4; i++)
                    {
                        files.Enqueue(new FileDescriptor(((int*)(control + 16))[i]));
                    }
                }
                return (int)got;
            }
        }
    }

    /// <summary>Waits until one of the files can be read.</summary>
    /// <param name="limit">Null: for ever.</param>
    public static (bool First, bool Second) Poll(FileDescriptor first, FileDescriptor? second, TimeSpan? limit)
    {
        PollEntry* entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { File = first.Value, Events = PollIn, Seen = 0 };
        entries[1] = new PollEntry { File = second?.Value ?? -1, Events = PollIn, Seen = 0 };
        int ready;
        do
        {
            ready = poll(entries, 2, limit is { } wait ? (int)Math.Min(wait.TotalMilliseconds, int.MaxValue) : -1);
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return ready <= 0 ? default : (entries[0].Seen != 0, entries[1].Seen != 0);
    }

    public static FileDescriptor NewEvent() => Checked(eventfd(0, CloseOnExec | 0x800), "eventfd");

    public static void Signal(FileDescriptor target)
    {
        ulong one = 1;
        _ = write(target.Value, &one, 8);
    }

    public static void Reset(FileDescriptor source)
    {
        ulong count;
        _ = read(source.Value, &count, 8);
    }

    public static void Kill(int process) => _ = kill(process, 9);

    /// <summary>Leaves the session of whoever started this process, so that its end does not end us.</summary>
    public static void NewSession() => _ = setsid();

    /// <summary>Standard input is nothing, standard output and error are the end of a file.</summary>
    public static void LogTo(string path)
    {
        const int appendCreate = 0x441; // O_WRONLY | O_CREAT | O_APPEND
        int log = open(path, appendCreate, 0x180), nothing = open("/dev/null", 0, 0);
        if (log < 0 || nothing < 0)
        {
            throw KernelException.Last($"open {path}");
        }

        _ = dup2(nothing, 0);
        _ = dup2(log, 1);
        _ = dup2(log, 2);
        _ = close(log);
        _ = close(nothing);
    }

    private static FileDescriptor Checked(int fd, string what) => fd >= 0 ? new FileDescriptor(fd) : throw KernelException.Last(what);

    private static byte[] AddressOf(string path)
    {
        byte[] name = Encoding.UTF8.GetBytes(path);
        if (name.Length > 107)
        {
            throw new KernelException($"socket {path}", errno: 36); // ENAMETOOLONG
        }

        byte[] address = new byte[2 + name.Length + 1];
        BinaryPrimitives.WriteInt16LittleEndian(address, AfUnix);
        name.CopyTo(address, 2);
        return address;
    }

    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    private struct Message // msghdr of 64-bit Linux
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Parts;
        public nuint PartCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    private struct PollEntry
    {
        public int File;
        public short Events, Seen;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int fd, void* address, void* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int name, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int fd, Message* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(int fd, Message* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, void* data, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, void* data, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);
}
