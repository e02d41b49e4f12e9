using System.Globalization;
using System.Text;

namespace Skep.Compose;

/// <summary>The order in which go-yaml writes the keys of a map: letters after other signs, numbers inside a text by value.</summary>
internal sealed class KeyOrder : IComparer<string>
{
    public static KeyOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        Rune[] left = [.. (x ?? "").EnumerateRunes()];
        Rune[] right = [.. (y ?? "").EnumerateRunes()];
        bool afterDigit = false;
        for (int i = 0; i < left.Length && i < right.Length; i++)
        {
            if (left[i] == right[i])
            {
                afterDigit = Rune.IsDigit(left[i]);
                continue;
            }

            bool leftLetter = Rune.IsLetter(left[i]);
            bool rightLetter = Rune.IsLetter(right[i]);
            if (leftLetter && rightLetter)
            {
                return left[i].CompareTo(right[i]);
            }

            if (leftLetter || rightLetter)
            {
                return afterDigit == leftLetter ? -1 : 1;
            }

            return Numbers(left, right, i);
        }

        return left.Length.CompareTo(right.Length);
    }

    private static int Numbers(Rune[] left, Rune[] right, int at)
    {
        long seed = 0;
        if (left[at].Value == '0' || right[at].Value == '0')
        {
            for (int before = at - 1; before >= 0 && Rune.IsDigit(left[before]); before--)
            {
                seed = left[before].Value != '0' ? 1 : seed;
            }
        }

        (long leftNumber, int leftEnd) = Number(left, at, seed);
        (long rightNumber, int rightEnd) = Number(right, at, seed);
        return leftNumber != rightNumber ? leftNumber.CompareTo(rightNumber)
            : leftEnd != rightEnd ? leftEnd.CompareTo(rightEnd)
            : left[at].CompareTo(right[at]);
    }

    private static (long Value, int End) Number(Rune[] text, int at, long value)
    {
        while (at < text.Length && Rune.IsDigit(text[at]))
        {
            value = unchecked((value * 10) + text[at].Value - '0');
            at++;
        }

        return (value, at);
    }
}
