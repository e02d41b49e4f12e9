using System.Buffers;
using System.Numerics;

namespace Skep.Rpc.Security;

/// <summary>Numbers in <c>[0-9a-z]</c> of fixed width, as join tokens spell their parts.</summary>
internal static class Base36
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> WellFormed = SearchValues.Create(Digits);

    /// <summary>The big-endian number in <paramref name="bytes"/>, padded with zeros to <paramref name="width"/>.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes, int width)
    {
        var value = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        Span<char> text = stackalloc char[width];
        text.Fill('0');
        for (int i = width - 1; i >= 0 && !value.IsZero; i--)
        {
            value = BigInteger.DivRem(value, 36, out BigInteger digit);
            text[i] = Digits[(int)digit];
        }

        return new string(text);
    }

    public static bool IsWellFormed(ReadOnlySpan<char> text, int width) => text.Length == width && !text.ContainsAnyExcept(WellFormed);
}
