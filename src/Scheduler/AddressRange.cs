using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Skep.Scheduler;

/// <summary>One address or a subnet, of either family; host bits of a subnet are ignored.</summary>
internal sealed class AddressRange
{
    private readonly byte[] _bytes;
    private readonly int _length;

    private AddressRange(byte[] bytes, int length)
    {
        _bytes = bytes;
        _length = length;
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out AddressRange? range)
    {
        range = null;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryReadAddress(slash < 0 ? text : text[..slash], out byte[]? bytes))
        {
            return false;
        }

        int length = bytes.Length * 8;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), out length) || length < 0 || length > bytes.Length * 8))
        {
            return false;
        }

        range = new AddressRange(bytes, length);
        return true;
    }

    /// <summary>False also for what is no address.</summary>
    public bool Contains(string address)
    {
        if (!TryReadAddress(address, out byte[]? bytes) || bytes.Length != _bytes.Length)
        {
            return false;
        }

        int whole = _length / 8;
        int mask = 0xff00 >> (_length % 8) & 0xff;
        return bytes.AsSpan(0, whole).SequenceEqual(_bytes.AsSpan(0, whole)) && (mask == 0 || (bytes[whole] & mask) == (_bytes[whole] & mask));
    }

    private static bool TryReadAddress(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (!IPAddress.TryParse(text, out IPAddress? address)
            || (address.AddressFamily == AddressFamily.InterNetwork && text.AsSpan().Count('.') != 3))
        {
            return false;
        }

        bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        return true;
    }
}
