using System.Buffers;
using System.Globalization;

namespace Skep.Compose;

/// <summary>Sizes of memory: <c>50M</c>, <c>1.5 GiB</c>, <c>1024</c>; units are powers of 1024.</summary>
/// <remarks>Source: docker/go-units:size.go, RAMInBytes.</remarks>
internal static class ByteSize
{
    private static readonly SearchValues<char> DigitsAndBlank = SearchValues.Create("0123456789. ");

    /// <param name="fault">What is wrong with the text, or null.</param>
    public static long Parse(string text, out string? fault)
    {
        fault = null;
        int last = text.AsSpan().LastIndexOfAny(DigitsAndBlank);
        if (last < 0)
        {
            fault = $"invalid size: '{text}'";
            return 0;
        }

        string number = text[..(text[last] == ' ' ? last : last + 1)];
        string unit = text[(last + 1)..].ToLowerInvariant();
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!double.TryParse(number, style, CultureInfo.InvariantCulture, out double size))
        {
            fault = $"strconv.ParseFloat: parsing {GoText.Quote(number)}: invalid syntax";
            return 0;
        }

        if (size < 0)
        {
            fault = $"invalid size: '{text}'";
            return 0;
        }

        double scale = unit is "" or "b" ? 1 : Math.Pow(1024, "kmgtp".IndexOf(unit[0], StringComparison.Ordinal) + 1);
        bool known = unit is "" or "b" || ("kmgtp".Contains(unit[0], StringComparison.Ordinal) && unit[1..] is "" or "b" or "ib");
        if (!known)
        {
            fault = $"invalid suffix: '{(unit.Length > 3 ? text[(last + 1)..] : unit)}'";
            return 0;
        }

        return (long)(size * scale);
    }
}
