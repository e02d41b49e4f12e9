using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Skep.Model.Net;

/// <summary>A block of IPv4 addresses, <c>10.0.1.0/24</c>. The host bits of <see cref="Network"/> are always zero.</summary>
public readonly record struct Ipv4Prefix : IComparable<Ipv4Prefix>
{
    /// <summary>The block of <paramref name="length"/> bits that contains <paramref name="address"/>.</summary>
    /// <param name="length">0 to 32.</param>
    public Ipv4Prefix(Ipv4Address address, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 32);
        Length = length;
        Network = new Ipv4Address(address.Value & MaskOf(length));
    }

    /// <summary>The first address of the block.</summary>
    public Ipv4Address Network { get; }

    /// <summary>Number of fixed bits, 0 to 32.</summary>
    public int Length { get; }

    /// <summary>The netmask: <c>255.255.255.0</c> for a /24.</summary>
    public Ipv4Address Mask => new(MaskOf(Length));

    /// <summary>How many addresses the block holds, network and broadcast address included.</summary>
    public long Count => 1L << (32 - Length);

    /// <summary>The last address of the block.</summary>
    public Ipv4Address Last => new(Network.Value | ~MaskOf(Length));

    /// <summary>The address at <paramref name="offset"/> in the block.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset lies outside the block.</exception>
    public Ipv4Address this[long offset] =>
        offset >= 0 && offset < Count ? Network.Plus(offset) : throw new ArgumentOutOfRangeException(nameof(offset));

    /// <summary>Position of <paramref name="address"/> in the block; negative or too large when it lies outside.</summary>
    public long OffsetOf(Ipv4Address address) => (long)address.Value - Network.Value;

    /// <summary>Whether the address lies in the block.</summary>
    public bool Contains(Ipv4Address address) => (address.Value & MaskOf(Length)) == Network.Value;

    /// <summary>Whether the whole other block lies in this one.</summary>
    public bool Contains(Ipv4Prefix other) => other.Length >= Length && Contains(other.Network);

    /// <summary>Whether the two blocks share an address.</summary>
    public bool Overlaps(Ipv4Prefix other) => Contains(other.Network) || other.Contains(Network);

    /// <summary>The <paramref name="index"/>-th block of <paramref name="length"/> bits inside this one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such block.</exception>
    public Ipv4Prefix Subnet(int length, long index)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 32);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, 1L << (length - Length));
        return new Ipv4Prefix(Network.Plus(index << (32 - length)), length);
    }

    /// <summary>The next block of the same size.</summary>
    /// <exception cref="OverflowException">This is the last one.</exception>
    public Ipv4Prefix Next() => new(Network.Plus(Count), Length);

    /// <summary>Reads <c>a.b.c.d/n</c>. Host bits may be set and are cleared, as Docker does with <c>--subnet</c>.</summary>
    /// <exception cref="FormatException">The text is not an IPv4 prefix.</exception>
    public static Ipv4Prefix Parse(string text) =>
        TryParse(text, out Ipv4Prefix value) ? value : throw new FormatException($"invalid CIDR address: {text}");

    /// <summary>Reads <c>a.b.c.d/n</c>; host bits are cleared.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Ipv4Prefix value)
    {
        value = default;
        ReadOnlySpan<char> span = text;
        int slash = span.IndexOf('/');
        if (slash < 0 || !Ipv4Address.TryParse(span[..slash], out Ipv4Address address)
            || !int.TryParse(span[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > 32)
        {
            return false;
        }

        value = new Ipv4Prefix(address, length);
        return true;
    }

    /// <summary>By first address, larger blocks first.</summary>
    public int CompareTo(Ipv4Prefix other)
    {
        int byNetwork = Network.CompareTo(other.Network);
        return byNetwork != 0 ? byNetwork : Length.CompareTo(other.Length);
    }

    public static bool operator <(Ipv4Prefix left, Ipv4Prefix right) => left.CompareTo(right) < 0;

    public static bool operator >(Ipv4Prefix left, Ipv4Prefix right) => left.CompareTo(right) > 0;

    public static bool operator <=(Ipv4Prefix left, Ipv4Prefix right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Ipv4Prefix left, Ipv4Prefix right) => left.CompareTo(right) >= 0;

    /// <summary><c>a.b.c.d/n</c>.</summary>
    public override string ToString() => $"{Network}/{Length}";

    private static uint MaskOf(int length) => length == 0 ? 0 : uint.MaxValue << (32 - length);
}
