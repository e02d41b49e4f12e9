using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Skep.Model.Net;

/// <summary>A 48-bit Ethernet address.</summary>
/// <param name="Value">The six octets as a number, the first octet highest; the upper 16 bits are zero.</param>
public readonly record struct MacAddress(ulong Value) : IComparable<MacAddress>
{
    /// <summary>The address Docker gives a task's interface: <c>02:42</c> and the four octets of its IPv4 address.</summary>
    /// <remarks>Source: moby/libnetwork:netutils/utils.go, GenerateMACFromIP.</remarks>
    public static MacAddress ForTask(Ipv4Address address) => new(0x0242_0000_0000UL | address.Value);

    /// <summary>The address of a node's VXLAN devices, derived from its network index so that no address has to be exchanged.</summary>
    public static MacAddress ForNode(ushort networkIndex) => new(0x0253_5800_0000UL | networkIndex);

    /// <summary>Writes six bytes.</summary>
    public void WriteTo(Span<byte> destination)
    {
        for (int i = 0; i < 6; i++)
        {
            destination[i] = (byte)(Value >> (40 - (8 * i)));
        }
    }

    /// <summary>Reads six bytes.</summary>
    public static MacAddress FromBytes(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < 6; i++)
        {
            value = (value << 8) | bytes[i];
        }

        return new MacAddress(value);
    }

    /// <summary>Reads <c>02:42:0a:00:00:03</c>, upper or lower case.</summary>
    /// <exception cref="FormatException">The text is not a MAC address.</exception>
    public static MacAddress Parse(string text) =>
        TryParse(text, out MacAddress value) ? value : throw new FormatException($"invalid MAC address \"{text}\"");

    /// <summary>Reads <c>02:42:0a:00:00:03</c>, upper or lower case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress value)
    {
        value = default;
        if (text is not { Length: 17 })
        {
            return false;
        }

        ulong bits = 0;
        for (int i = 0; i < 6; i++)
        {
            if ((i > 0 && text[(3 * i) - 1] != ':')
                || !byte.TryParse(text.AsSpan(3 * i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte octet))
            {
                return false;
            }

            bits = (bits << 8) | octet;
        }
        value = new MacAddress(bits);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(MacAddress other) => Value.CompareTo(other.Value);

    public static bool operator <(MacAddress left, MacAddress right) => left.Value < right.Value;

    public static bool operator >(MacAddress left, MacAddress right) => left.Value > right.Value;

    public static bool operator <=(MacAddress left, MacAddress right) => left.Value <= right.Value;

    public static bool operator >=(MacAddress left, MacAddress right) => left.Value >= right.Value;

    /// <summary><c>02:42:0a:00:00:03</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(Value >> 40) & 0xff:x2}:{(Value >> 32) & 0xff:x2}:{(Value >> 24) & 0xff:x2}:{(Value >> 16) & 0xff:x2}:{(Value >> 8) & 0xff:x2}:{Value & 0xff:x2}");
}
