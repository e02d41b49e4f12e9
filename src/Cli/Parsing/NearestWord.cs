namespace Skep.Cli.Parsing;

/// <summary>The word that somebody who mistyped meant.</summary>
internal static class NearestWord
{
    private const int LeastPrefix = 2;

    /// <summary>The candidate with the fewest mistakes in it, at most one in three characters; else the shortest that begins with the word. Null: none is near.</summary>
    public static string? Of(string word, IEnumerable<string> candidates)
    {
        (string? nearest, int fewest) = ((string?)null, Math.Max(1, word.Length / 3) + 1);
        string? longer = null;
        foreach (string candidate in candidates.Order(StringComparer.Ordinal))
        {
            int mistakes = Mistakes(word, candidate);
            // With every letter wrong it is no misspelling of it.
            if (mistakes < fewest && mistakes < candidate.Length)
            {
                (nearest, fewest) = (candidate, mistakes);
            }

            if (word.Length >= LeastPrefix && candidate.StartsWith(word, StringComparison.Ordinal) && (longer is null || candidate.Length < longer.Length))
            {
                longer = candidate;
            }
        }

        return longer ?? nearest;
    }

    /// <summary><c>; did you mean "service"?</c>, or nothing.</summary>
    /// <param name="dashes">What stands before each word, and is not compared.</param>
    public static string Question(string word, IEnumerable<string> candidates, string dashes = "") => Of(word, candidates) is { } nearest ? $"; did you mean \"{dashes}{nearest}\"?" : "";

    /// <summary>How many characters must be put in, left out, replaced, or exchanged with their neighbour to make one of the other.</summary>
    /// <remarks>Optimal string alignment: the distance of Damerau and Levenshtein in which no part is edited twice.</remarks>
    public static int Mistakes(string left, string right)
    {
        int[,] of = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++)
        {
            for (int j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    of[i, j] = i + j;
                    continue;
                }

                int least = Math.Min(Math.Min(of[i - 1, j], of[i, j - 1]) + 1, of[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1));
                bool isExchanged = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
                of[i, j] = isExchanged ? Math.Min(least, of[i - 2, j - 2] + 1) : least;
            }
        }

        return of[left.Length, right.Length];
    }
}
