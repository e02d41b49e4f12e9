using System.Runtime.InteropServices;
using System.Text;

namespace Skep.Overlay.Namespaces;

/// <summary>A list of C calls to make inside a namespace, with the memory they point at.</summary>
internal sealed unsafe class NamespaceCalls : IDisposable
{
    public const int AfUnix = 1, AfInet = 2, AfNetlink = 16;
    public const int SockStream = 1, SockDgram = 2, SockRaw = 3, SockCloExec = 0x80000;
    private const int CloneNewNet = 0x40000000;

    private readonly List<RawCall> _calls = [];
    private readonly List<string> _names = [];
    private readonly List<nint> _memory = [];
    private RawCall[] _done = [];

    /// <summary>Adds a call; the answer is its index, for <see cref="ResultOf"/>.</summary>
    public int Add(string name, nint function, nint a0 = 0, nint a1 = 0, nint a2 = 0, nint a3 = 0, nint a4 = 0, int on = -1, bool mayFail = false)
    {
        _calls.Add(new RawCall { Function = function, A0 = a0, A1 = a1, A2 = a2, A3 = a3, A4 = a4, ResultOf = on, MayFail = mayFail });
        _names.Add(name);
        return _calls.Count - 1;
    }

    public int NewNamespace() => Add("unshare", SyscallWindow.Unshare, CloneNewNet);

    public int OpenSocket(int family, int type, int protocol = 0) => Add("socket", SyscallWindow.Socket, family, type | SockCloExec, protocol);

    /// <summary>Opens a file to read it afterwards; one that is not there is no failure.</summary>
    public int OpenFile(string path) => Add(path, SyscallWindow.Open, Text(path), SockCloExec, mayFail: true);

    /// <summary>Writes a file under /proc/sys; a kernel that lacks it is no failure.</summary>
    public void WriteSysctl(string name, string value)
    {
        int file = Add(name, SyscallWindow.Open, Text("/proc/sys/" + name), 1 | SockCloExec, mayFail: true);
        Add(name, SyscallWindow.Write, 0, Text(value), value.Length, on: file, mayFail: true);
        Add(name, SyscallWindow.Close, on: file, mayFail: true);
    }

    /// <summary>Reads a one-character file under /proc/sys into memory that <see cref="ByteAt"/> reads afterwards.</summary>
    public nint ReadSysctl(string name)
    {
        nint buffer = Bytes(new byte[16]);
        int file = Add(name, SyscallWindow.Open, Text("/proc/sys/" + name), SockCloExec);
        Add(name, SyscallWindow.Read, 0, buffer, 15, on: file);
        Add(name, SyscallWindow.Close, on: file);
        return buffer;
    }

    public static byte ByteAt(nint memory) => *(byte*)memory;

    /// <summary>Brings lo up.</summary>
    public void LoopbackUp()
    {
        const nint setInterfaceFlags = 0x8914;
        byte[] request = new byte[40];
        "lo"u8.CopyTo(request);
        request[16] = 0x41; // IFF_UP | IFF_RUNNING
        int socket = OpenSocket(AfInet, SockDgram);
        Add("lo up", SyscallWindow.IoCtl, 0, setInterfaceFlags, Bytes(request), on: socket);
        Add("close", SyscallWindow.Close, on: socket);
    }

    /// <summary>Binds an earlier socket to an IPv4 address.</summary>
    public void Bind(int socket, Ipv4Address address, int port, bool mayFail = false)
    {
        byte[] name = new byte[16];
        name[0] = AfInet;
        name[2] = (byte)(port >> 8);
        name[3] = (byte)port;
        address.WriteTo(name.AsSpan(4));
        Add($"bind {address}:{port}", SyscallWindow.Bind, 0, Bytes(name), 16, on: socket, mayFail: mayFail);
    }

    /// <summary>Gives the present namespace a file name that keeps it alive.</summary>
    public void MountNamespaceAt(string path)
    {
        const nint bind = 4096;
        Add($"mount {path}", SyscallWindow.Mount, Text("/proc/thread-self/ns/net"), Text(path), Text("none"), bind);
    }

    public nint Text(string text) => Bytes(Encoding.UTF8.GetBytes(text + '\0'));

    public nint Bytes(ReadOnlySpan<byte> bytes)
    {
        byte* memory = (byte*)NativeMemory.Alloc((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(memory, bytes.Length));
        _memory.Add((nint)memory);
        return (nint)memory;
    }

    /// <summary>Runs the calls. Call on a dedicated thread only.</summary>
    /// <exception cref="KernelException">One failed; descriptors that were opened by then are closed.</exception>
    public void RunIn(int home, int target)
    {
        _done = [.. _calls];
        int errno = 0, failed;
        fixed (RawCall* calls = _done)
        {
            failed = SyscallWindow.Run(home, target, calls, _done.Length, &errno);
        }

        if (failed == -1)
        {
            return;
        }

        for (int i = 0; i < failed; i++)
        {
            if (_done[i].Function == SyscallWindow.Socket && _done[i].Result >= 0)
            {
                _ = LibC.close((int)_done[i].Result);
            }
        }
        throw new KernelException(failed == -2 ? "setns" : _names[failed], errno);
    }

    public nint ResultOf(int call) => _done[call].Result;

    /// <summary>Error of a call that was allowed to fail; 0 if it did not.</summary>
    public int ErrnoOf(int call) => (int)_done[call].Result == -1 ? _done[call].Errno : 0;

    public FileDescriptor DescriptorOf(int call) => new((int)ResultOf(call));

    public void Dispose()
    {
        foreach (nint memory in _memory)
        {
            NativeMemory.Free((void*)memory);
        }

        _memory.Clear();
    }
}
