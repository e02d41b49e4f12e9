namespace Skep.Cli.Parsing;

/// <summary>Parses a verb's words as Docker does.</summary>
/// <remarks>
/// Docker's flags follow pflag: a flag's value may begin with a dash, <c>-dq</c> and <c>-p80:80</c> work, a switch never takes the next
/// word, and for some verbs the first argument ends the flags. System.CommandLine's rules differ in each of these, and only what had been brought
/// into one form before could be given to it: so it is not used (ADR 0017).
/// </remarks>
internal static class FlagReader
{
    /// <exception cref="UsageException">An unknown flag, or a value it does not take.</exception>
    public static ParsedFlags Read(Verb verb, IReadOnlyList<string> words)
    {
        if (verb.TakesAllWords)
        {
            return new ParsedFlags(new Dictionary<Flag, string[]>(), [.. words], false);
        }

        Dictionary<Flag, string[]> values = [];
        Dictionary<string, Flag> byName = new(verb.Flags.Length, StringComparer.Ordinal);
        Dictionary<char, Flag> byLetter = [];
        foreach (Flag flag in verb.Flags)
        {
            byName.Add(flag.Name, flag);
            if (flag.Letter is { } letter)
            {
                byLetter.Add(letter, flag);
            }
        }

        List<string> rest = [];
        bool help = false;
        void Take(Flag flag, string value)
        {
            try
            {
                flag.Check(value);
            }
            catch (Exception failure) when (failure is FormatException or OverflowException)
            {
                throw new UsageException($"invalid argument \"{value}\" for \"{(flag.Letter is { } c ? $"-{c}, " : "")}--{flag.Name}\" flag: {failure.Message}");
            }

            values[flag] = values.TryGetValue(flag, out string[]? before) ? [.. before, value] : [value];
        }

        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            if (word.Length < 2 || word[0] != '-')
            {
                rest.Add(word);
                if (verb.FlagsEndAtArgument)
                {
                    rest.AddRange(words.Skip(i + 1));
                    break;
                }
            }
            else if (word == "--")
            {
                rest.AddRange(words.Skip(i + 1));
                break;
            }
            else if (word[1] == '-')
            {
                int equals = word.IndexOf('=', StringComparison.Ordinal);
                string name = equals < 0 ? word[2..] : word[2..equals];
                if (!byName.TryGetValue(name, out Flag? flag))
                {
                    help |= name == "help";
                    if (help)
                    {
                        continue;
                    }

                    throw new UsageException($"unknown flag: --{name}{NearestWord.Question(name, verb.Flags.Where(static each => !each.IsHidden).Select(static each => each.Name).Append("help"), "--")}");
                }

                Take(flag, equals >= 0 ? word[(equals + 1)..]
                    : flag.IsSwitch ? "true"
                    : i + 1 < words.Count ? words[++i]
                    : throw new UsageException($"flag needs an argument: --{name}"));
            }
            else
            {
                for (int at = 1; at < word.Length; at++)
                {
                    if (!byLetter.TryGetValue(word[at], out Flag? flag))
                    {
                        help |= word[at] == 'h';
                        if (help)
                        {
                            break;
                        }

                        throw new UsageException($"unknown shorthand flag: '{word[at]}' in {word}");
                    }

                    bool equals = at + 1 < word.Length && word[at + 1] == '=';
                    if (flag.IsSwitch && !equals)
                    {
                        Take(flag, "true");
                        continue;
                    }

                    Take(flag, equals ? word[(at + 2)..]
                        : at + 1 < word.Length ? word[(at + 1)..]
                        : i + 1 < words.Count ? words[++i]
                        : throw new UsageException($"flag needs an argument: '{word[at]}' in {word}"));
                    break;
                }
            }
        }

        return new ParsedFlags(values, [.. rest], help);
    }
}

/// <summary>What a verb was given.</summary>
internal sealed record ParsedFlags(IReadOnlyDictionary<Flag, string[]> Values, string[] Arguments, bool WantsHelp);
