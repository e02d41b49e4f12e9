using System.Buffers.Binary;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Netlink;

/// <summary>What happened to one message of a batch.</summary>
internal delegate void NetlinkFailure(int message, int errno, string reason);

/// <summary>A message that came back.</summary>
internal delegate void NetlinkAnswer(ushort type, ReadOnlySpan<byte> payload);

/// <summary>A netlink socket; belongs for ever to the namespace it was opened in. Used by one thread at a time.</summary>
internal sealed class NetlinkSocket : IDisposable
{
    public const int Route = 0, Xfrm = 6, Netfilter = 12;
    private const ushort ErrorType = 2, DoneType = 3;
    private const ushort Multi = 2, DumpInterrupted = 0x10;
    private const int BytesPerSend = 24 * 1024;

    private static readonly NetlinkAnswer Ignore = (_, _) => { };
    private readonly FileDescriptor _socket;
    [ThreadStatic]
    private static byte[]? _sharedBuffer; // one per thread: a node has a socket per task
    private uint _sequence;

    private static byte[] Buffer => _sharedBuffer ??= new byte[64 * 1024];

    public NetlinkSocket(FileDescriptor socket)
    {
        _socket = socket;
        LibC.Configure(socket);
    }

    /// <summary>Sends all messages, several per system call, and waits until the kernel has done them.</summary>
    /// <remarks>Only the last of a send asks for an acknowledgement: errors of the others are reported in any case, and in order.</remarks>
    public void Send(NetlinkWriter messages, NetlinkFailure failed, NetlinkAnswer? answer = null)
    {
        int first = 0;
        while (first < messages.Starts.Count)
        {
            int begin = messages.Starts[first], last = first;
            while (last + 1 < messages.Starts.Count && EndOf(messages, last + 1) - begin <= BytesPerSend)
            {
                last++;
            }

            uint sequence = _sequence + 1;
            for (int i = first; i <= last; i++)
            {
                messages.SetSequence(messages.Starts[i], ++_sequence, acknowledge: i == last);
            }

            LibC.Send(_socket, messages.Written[begin..EndOf(messages, last)]);
            ReceiveUntil(_sequence, sequence, first, failed, answer ?? Ignore);
            first = last + 1;
        }
    }

    /// <summary>Sends one request that asks for a list and gives back every entry. Read again when the list changed meanwhile.</summary>
    public List<(ushort Type, byte[] Payload)> List(NetlinkWriter request)
    {
        for (int attempt = 0; ; attempt++)
        {
            var entries = new List<(ushort, byte[])>();
            request.SetSequence(0, ++_sequence, acknowledge: false);
            LibC.Send(_socket, request.Written);
            if (!ReceiveList(entries) || attempt == 5)
            {
                return entries;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private static int EndOf(NetlinkWriter messages, int index) =>
        index + 1 < messages.Starts.Count ? messages.Starts[index + 1] : messages.Length;

    private void ReceiveUntil(uint last, uint firstSequence, int firstMessage, NetlinkFailure failed, NetlinkAnswer answer)
    {
        while (true)
        {
            ReadOnlySpan<byte> data = Buffer.AsSpan(0, LibC.Receive(_socket, Buffer));
            while (Split(ref data, out ushort type, out ushort flags, out uint sequence, out ReadOnlySpan<byte> payload))
            {
                if (sequence < firstSequence || sequence > last)
                {
                    continue;
                }

                if (type != ErrorType)
                {
                    answer(type, payload);
                    continue;
                }
                int errno = -BinaryPrimitives.ReadInt32LittleEndian(payload);
                if (errno != 0)
                {
                    failed(firstMessage + (int)(sequence - firstSequence), errno, ReasonIn(payload, flags));
                }

                if (sequence == last)
                {
                    return;
                }
            }
        }
    }

    private bool ReceiveList(List<(ushort, byte[])> entries)
    {
        bool interrupted = false;
        while (true)
        {
            ReadOnlySpan<byte> data = Buffer.AsSpan(0, LibC.Receive(_socket, Buffer));
            while (Split(ref data, out ushort type, out ushort flags, out uint sequence, out ReadOnlySpan<byte> payload))
            {
                if (sequence != _sequence)
                {
                    continue;
                }

                interrupted |= (flags & DumpInterrupted) != 0;
                if (type == ErrorType && BinaryPrimitives.ReadInt32LittleEndian(payload) is var error and not 0)
                {
                    throw new KernelException($"netlink list {ReasonIn(payload, flags)}", -error);
                }

                if (type is ErrorType or DoneType)
                {
                    return interrupted;
                }

                entries.Add((type, payload.ToArray()));
                if ((flags & Multi) == 0)
                {
                    return interrupted;
                }
            }
        }
    }

    private static bool Split(ref ReadOnlySpan<byte> data, out ushort type, out ushort flags, out uint sequence, out ReadOnlySpan<byte> payload)
    {
        (type, flags, sequence) = (0, 0, 0);
        payload = default;
        if (data.Length < 16)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(data);
        if (length < 16 || length > data.Length)
        {
            return false;
        }

        type = BinaryPrimitives.ReadUInt16LittleEndian(data[4..]);
        flags = BinaryPrimitives.ReadUInt16LittleEndian(data[6..]);
        sequence = BinaryPrimitives.ReadUInt32LittleEndian(data[8..]);
        payload = data[16..length];
        data = data[Math.Min((length + 3) & ~3, data.Length)..];
        return true;
    }

    /// <summary>The kernel's own words, where it gave any.</summary>
    private static string ReasonIn(ReadOnlySpan<byte> payload, ushort flags)
    {
        const ushort hasAttributes = 0x200;
        if ((flags & hasAttributes) == 0 || payload.Length < 20)
        {
            return "";
        }

        var attributes = new NetlinkReader(payload[20..]);
        while (attributes.Next())
        {
            if (attributes.Type == 1)
            {
                return attributes.Text;
            }
        }
        return "";
    }
}
