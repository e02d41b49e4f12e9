using System.Text;

namespace Skep.Compose;

/// <summary>Splits a command line into words as a shell does: quotes, backslashes, comments; nothing is expanded.</summary>
/// <remarks>Source: google/shlex. A <c>#</c> begins a comment only at the start of a word.</remarks>
internal static class ShellWords
{
    /// <param name="fault">What is wrong with the line, or null.</param>
    public static IReadOnlyList<string> Split(string line, out string? fault)
    {
        fault = null;
        List<string> words = [];
        StringBuilder? word = null;
        char quote = '\0';
        for (int at = 0; at < line.Length; at++)
        {
            char c = line[at];
            if (c == '\\' && quote != '\'')
            {
                word ??= new StringBuilder();
                if (++at == line.Length)
                {
                    fault = "EOF found after escape character";
                    return words;
                }

                word.Append(line[at]);
            }
            else if (quote != '\0')
            {
                if (c == quote)
                {
                    quote = '\0';
                }
                else
                {
                    word!.Append(c);
                }
            }
            else if (c is '"' or '\'')
            {
                word ??= new StringBuilder();
                quote = c;
            }
            else if (c is ' ' or '\t' or '\r' or '\n')
            {
                if (word is not null)
                {
                    words.Add(word.ToString());
                    word = null;
                }
            }
            else if (c == '#' && word is null)
            {
                int end = line.IndexOf('\n', at);
                at = end < 0 ? line.Length : end;
            }
            else
            {
                (word ??= new StringBuilder()).Append(c);
            }
        }

        if (quote != '\0')
        {
            fault = "EOF found when expecting closing quote";
        }
        else if (word is not null)
        {
            words.Add(word.ToString());
        }

        return words;
    }
}
