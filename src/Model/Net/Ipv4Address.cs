using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Skep.Model.Net;

/// <summary>An IPv4 address as a number, so that allocators and planners can order it and count with it.</summary>
/// <param name="Value">The address in host order: <c>10.0.0.1</c> is <c>0x0a000001</c>.</param>
public readonly record struct Ipv4Address(uint Value) : IComparable<Ipv4Address>, ISpanParsable<Ipv4Address>
{
    /// <summary>0.0.0.0.</summary>
    public static Ipv4Address Any => default;

    /// <summary>127.0.0.1.</summary>
    public static Ipv4Address Loopback => new(0x7f000001);

    /// <summary>The address with these four octets.</summary>
    public static Ipv4Address From(byte a, byte b, byte c, byte d) => new(((uint)a << 24) | ((uint)b << 16) | ((uint)c << 8) | d);

    /// <summary>The address in the first four bytes, network order.</summary>
    public static Ipv4Address FromNetworkOrder(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>The address <paramref name="count"/> further on; does not wrap.</summary>
    /// <exception cref="OverflowException">The result lies outside the IPv4 space.</exception>
    public Ipv4Address Plus(long count) => new(checked((uint)(Value + count)));

    /// <summary>Writes four bytes in network order.</summary>
    public void WriteTo(Span<byte> destination) => BinaryPrimitives.WriteUInt32BigEndian(destination, Value);

    /// <summary>The same address as .NET's class.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[4];
        WriteTo(bytes);
        return new IPAddress(bytes);
    }

    /// <summary>Reads dotted decimal with exactly four parts and no leading zeros.</summary>
    /// <exception cref="FormatException">The text is not an IPv4 address.</exception>
    public static Ipv4Address Parse(string text) => TryParse(text, out Ipv4Address value) ? value : throw new FormatException($"invalid IPv4 address \"{text}\"");

    /// <summary>Reads dotted decimal with exactly four parts and no leading zeros.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Ipv4Address value) => TryParse(text.AsSpan(), out value);

    /// <inheritdoc cref="TryParse(string?, out Ipv4Address)"/>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv4Address value)
    {
        value = default;
        uint address = 0;
        for (int part = 0; part < 4; part++)
        {
            int end = part < 3 ? text.IndexOf('.') : text.Length;
            if (end is < 1 or > 3 || (end > 1 && text[0] == '0')
                || !byte.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out byte octet))
            {
                return false;
            }

            address = (address << 8) | octet;
            text = part < 3 ? text[(end + 1)..] : default;
        }
        value = new Ipv4Address(address);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(Ipv4Address other) => Value.CompareTo(other.Value);

    public static bool operator <(Ipv4Address left, Ipv4Address right) => left.Value < right.Value;

    public static bool operator >(Ipv4Address left, Ipv4Address right) => left.Value > right.Value;

    public static bool operator <=(Ipv4Address left, Ipv4Address right) => left.Value <= right.Value;

    public static bool operator >=(Ipv4Address left, Ipv4Address right) => left.Value >= right.Value;

    /// <summary>Dotted decimal.</summary>
    public override string ToString() => $"{Value >> 24}.{(Value >> 16) & 0xff}.{(Value >> 8) & 0xff}.{Value & 0xff}";

    static Ipv4Address ISpanParsable<Ipv4Address>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => Parse(s.ToString());

    static bool ISpanParsable<Ipv4Address>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Ipv4Address result) => TryParse(s, out result);

    static Ipv4Address IParsable<Ipv4Address>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<Ipv4Address>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Ipv4Address result) => TryParse(s, out result);
}
