using System.Buffers.Binary;
using System.Text;

namespace Skep.Overlay.Dns;

internal enum DnsCode
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// <summary>Writes answers.</summary>
internal static class DnsAnswer
{
    /// <summary>Seconds; Docker's. Names change only with the cluster's state, but clients may keep them this long.</summary>
    public const int TimeToLive = 600;

    private const int HeaderLength = 12, MaxUdp = 512;
    private const ushort Response = 0x8000, Truncated = 0x0200, RecursionDesired = 0x0100, RecursionAvailable = 0x0080, EdnsType = 41;

    public static byte[] Code(ReadOnlySpan<byte> query, in DnsQuestion question, DnsCode code) => Write(query, question, code, [], stream: true);

    public static byte[] Addresses(ReadOnlySpan<byte> query, in DnsQuestion question, ReadOnlySpan<Ipv4Address> addresses, bool stream)
    {
        var records = new byte[addresses.Length][];
        for (int i = 0; i < addresses.Length; i++)
        {
            records[i] = new byte[4];
            addresses[i].WriteTo(records[i]);
        }
        return Write(query, question, DnsCode.NoError, records, stream);
    }

    public static byte[] Pointer(ReadOnlySpan<byte> query, in DnsQuestion question, string name) =>
        Write(query, question, DnsCode.NoError, [Labels(name)], stream: true);

    /// <summary>A reply to something that has no readable question.</summary>
    public static byte[]? FormatError(ReadOnlySpan<byte> query)
    {
        if (query.Length < HeaderLength || (query[2] & 0x80) != 0)
        {
            return null;
        }

        byte[] answer = new byte[HeaderLength];
        query[..2].CopyTo(answer);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), (ushort)(Response | (ushort)DnsCode.FormatError));
        return answer;
    }

    private static byte[] Write(ReadOnlySpan<byte> query, in DnsQuestion question, DnsCode code, byte[][] records, bool stream)
    {
        int limit = stream ? ushort.MaxValue : question.EdnsSize ?? MaxUdp;
        int edns = question.EdnsSize is null ? 0 : 11;
        int fit = 0, length = question.End + edns;
        while (fit < records.Length && length + 12 + records[fit].Length <= limit)
        {
            length += 12 + records[fit++].Length;
        }

        byte[] answer = new byte[length];
        Span<byte> span = answer;
        query[..question.End].CopyTo(span);
        int flags = Response | (question.Flags & RecursionDesired) | RecursionAvailable | (int)code | (fit < records.Length ? Truncated : 0);
        BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)flags);
        BinaryPrimitives.WriteUInt16BigEndian(span[6..], (ushort)fit);
        BinaryPrimitives.WriteUInt16BigEndian(span[8..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(span[10..], (ushort)(edns > 0 ? 1 : 0));
        int at = question.End;
        for (int i = 0; i < fit; i++)
        {
            at += Record(span[at..], question.Type, records[i]);
        }

        if (edns > 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(span[(at + 1)..], EdnsType);
            BinaryPrimitives.WriteUInt16BigEndian(span[(at + 3)..], 4096);
        }
        return answer;
    }

    private static int Record(Span<byte> to, ushort type, byte[] data)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, 0xc000 | HeaderLength); // the question's name
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], type == DnsQuestion.Any ? DnsQuestion.A : type);
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], DnsQuestion.Internet);
        BinaryPrimitives.WriteUInt32BigEndian(to[6..], TimeToLive);
        BinaryPrimitives.WriteUInt16BigEndian(to[10..], (ushort)data.Length);
        data.CopyTo(to[12..]);
        return 12 + data.Length;
    }

    private static byte[] Labels(string name)
    {
        var bytes = new List<byte>();
        foreach (string label in name.TrimEnd('.').Split('.'))
        {
            byte[] text = Encoding.Latin1.GetBytes(label.Length > 63 ? label[..63] : label);
            bytes.Add((byte)text.Length);
            bytes.AddRange(text);
        }
        bytes.Add(0);
        return [.. bytes];
    }
}
