using System.Text;

namespace Skep.Raft.Codec;

/// <summary>Reads what <see cref="ByteWriter"/> wrote and trusts nothing: every length is checked, only the shortest form of a number is taken.</summary>
internal struct ByteReader(ReadOnlyMemory<byte> input)
{
    private static readonly UTF8Encoding StrictText = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ReadOnlyMemory<byte> _rest = input;

    public byte Byte()
    {
        if (_rest.Length == 0)
        {
            throw CutShort();
        }

        byte value = _rest.Span[0];
        _rest = _rest[1..];
        return value;
    }

    public ulong Number()
    {
        ReadOnlySpan<byte> span = _rest.Span;
        ulong value = 0;
        for (int i = 0; i < 10; i++)
        {
            if (i == span.Length)
            {
                throw CutShort();
            }

            byte b = span[i];
            if (i == 9 && b > 1)
            {
                throw new RaftFormatException("number beyond 64 bits");
            }

            if (i > 0 && b == 0)
            {
                throw new RaftFormatException("number not in its shortest form");
            }

            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b >= 0x80)
            {
                continue;
            }

            _rest = _rest[(i + 1)..];
            return value;
        }
        throw new RaftFormatException("number beyond 64 bits");
    }

    /// <summary>A count of things that each take at least <paramref name="minBytesEach"/>, so that a lie cannot make us allocate.</summary>
    public int Count(int minBytesEach)
    {
        ulong count = Number();
        if (count > (ulong)(_rest.Length / minBytesEach))
        {
            throw CutShort();
        }

        return (int)count;
    }

    /// <summary>A view into the input, not a copy.</summary>
    public ReadOnlyMemory<byte> Bytes()
    {
        int length = Count(1);
        ReadOnlyMemory<byte> value = _rest[..length];
        _rest = _rest[length..];
        return value;
    }

    public string Text()
    {
        ReadOnlyMemory<byte> bytes = Bytes();
        try
        {
            return StrictText.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new RaftFormatException("text is not UTF-8");
        }
    }

    public bool Flag() => Byte() switch
    {
        0 => false,
        1 => true,
        byte b => throw new RaftFormatException($"flag has value {b}"),
    };

    public readonly void End()
    {
        if (_rest.Length != 0)
        {
            throw new RaftFormatException($"{_rest.Length} bytes too many");
        }
    }

    private static RaftFormatException CutShort() => new("cut short");
}
