using System.Buffers.Binary;
using System.Text;

namespace Skep.Overlay.Dns;

/// <summary>The question of a DNS message, and where it ends.</summary>
/// <remarks>Source: RFC 1035 §4, RFC 6891 (EDNS).</remarks>
internal readonly record struct DnsQuestion(ushort Id, ushort Flags, string Name, ushort Type, ushort Class, int End, int? EdnsSize)
{
    public const ushort A = 1, Ptr = 12, Aaaa = 28, Any = 255, Internet = 1;
    private const int HeaderLength = 12;
    private const ushort EdnsType = 41;

    /// <summary>Reads a standard query with one question; anything else is false.</summary>
    public static bool TryParse(ReadOnlySpan<byte> message, out DnsQuestion question)
    {
        question = default;
        if (message.Length < HeaderLength + 5)
        {
            return false;
        }

        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        const ushort responseOrOpcode = 0xf800;
        if ((flags & responseOrOpcode) != 0 || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1)
        {
            return false;
        }

        if (!TryReadName(message, HeaderLength, out string name, out int position) || position + 4 > message.Length)
        {
            return false;
        }

        ushort type = BinaryPrimitives.ReadUInt16BigEndian(message[position..]), @class = BinaryPrimitives.ReadUInt16BigEndian(message[(position + 2)..]);
        question = new DnsQuestion(BinaryPrimitives.ReadUInt16BigEndian(message), flags, name, type, @class, position + 4, EdnsIn(message, position + 4));
        return true;
    }

    /// <summary>A name without compression, lower case, dots between labels, no final dot.</summary>
    private static bool TryReadName(ReadOnlySpan<byte> message, int position, out string name, out int end)
    {
        name = "";
        end = 0;
        var text = new StringBuilder();
        while (position < message.Length)
        {
            int length = message[position++];
            if (length == 0)
            {
                name = text.ToString().ToLowerInvariant();
                end = position;
                return true;
            }
            if (length > 63 || position + length > message.Length || text.Length + length > 255)
            {
                return false;
            }

            if (text.Length > 0)
            {
                text.Append('.');
            }

            text.Append(Encoding.Latin1.GetString(message.Slice(position, length)));
            position += length;
        }
        return false;
    }

    /// <summary>The largest answer the asker takes over UDP, if it says so right behind the question.</summary>
    private static int? EdnsIn(ReadOnlySpan<byte> message, int position)
    {
        bool hasOtherSections = BinaryPrimitives.ReadUInt32BigEndian(message[6..]) != 0;
        if (hasOtherSections || BinaryPrimitives.ReadUInt16BigEndian(message[10..]) == 0 || position + 11 > message.Length)
        {
            return null;
        }

        if (message[position] != 0 || BinaryPrimitives.ReadUInt16BigEndian(message[(position + 1)..]) != EdnsType)
        {
            return null;
        }

        return Math.Clamp((int)BinaryPrimitives.ReadUInt16BigEndian(message[(position + 3)..]), 512, 4096);
    }
}
