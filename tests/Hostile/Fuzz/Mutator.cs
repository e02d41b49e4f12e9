using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Skep.Hostile.Fuzz;

/// <summary>Makes bad input out of good: a few changes to one of the seeds, decided by the random numbers alone.</summary>
internal static partial class Mutator
{
    private const int LongestInput = 64 << 10;

    private static readonly byte[] Telling = [0, 1, 9, 10, 27, 34, 37, 46, 47, 58, 91, 92, 123, 127, 128, 192, 254, 255];

    private static readonly string[] Numbers =
    [
        "0", "-1", "1e309", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "0.0000000001", "4294967296", "2147483648", "1e20", "NaN",
    ];

    /// <summary>Varints at the edges: 2^63 - 1 and 2^64 - 1.</summary>
    private static readonly byte[][] Varints = [[255, 255, 255, 255, 255, 255, 255, 255, 127], [255, 255, 255, 255, 255, 255, 255, 255, 255, 1], [255, 255, 255, 255, 15]];

    public static byte[] Mutate(IReadOnlyList<byte[]> seeds, Random random)
    {
        var bytes = new List<byte>(seeds[random.Next(seeds.Count)]);
        for (int change = 1 + random.Next(6); change > 0; change--)
        {
            Change(bytes, seeds, random);
        }

        return [.. bytes.Take(LongestInput)];
    }

    private static void Change(List<byte> bytes, IReadOnlyList<byte[]> seeds, Random random)
    {
        int at = random.Next(bytes.Count + 1), length = Math.Min(bytes.Count - at, 1 + random.Next(random.Next(8) == 0 ? 512 : 16));
        switch (random.Next(11))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = Telling[random.Next(Telling.Length)];
                break;
            case 2 when at < bytes.Count:
                bytes[at] += (byte)random.Next(-4, 5);
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6:
                byte[] other = seeds[random.Next(seeds.Count)];
                int from = random.Next(other.Length + 1);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 1 + random.Next(64))).ToArray());
                break;
            case 7:
                bytes.InsertRange(at, Varints[random.Next(Varints.Length)]);
                break;
            case 8:
                bytes.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), 1 << random.Next(13)));
                break;
            case 9:
                ReplaceNumber(bytes, random);
                break;
            default:
                // The same piece over and over: nesting, long lists, long names.
                byte[] piece = [.. bytes.GetRange(at, length)];
                for (int n = random.Next(64); n > 0 && bytes.Count < LongestInput; n--)
                {
                    bytes.InsertRange(at, piece);
                }

                break;
        }
    }

    private static void ReplaceNumber(List<byte> bytes, Random random)
    {
        string text = Encoding.Latin1.GetString([.. bytes]);
        MatchCollection numbers = Number().Matches(text);
        if (numbers.Count == 0)
        {
            return;
        }

        Match chosen = numbers[random.Next(numbers.Count)];
        string by = random.Next(3) == 0 ? random.NextInt64().ToString(CultureInfo.InvariantCulture) : Numbers[random.Next(Numbers.Length)];
        bytes.Clear();
        bytes.AddRange(Encoding.Latin1.GetBytes(string.Concat(text.AsSpan(0, chosen.Index), by, text.AsSpan(chosen.Index + chosen.Length))));
    }

    [GeneratedRegex("-?[0-9]+(\\.[0-9]+)?")]
    private static partial Regex Number();
}
