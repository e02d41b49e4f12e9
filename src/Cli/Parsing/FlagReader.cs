using System.CommandLine;

namespace Skep.Cli.Parsing;

/// <summary>Parses a verb's words as Docker does.</summary>
/// <remarks>
/// Docker's flags follow pflag: a flag's value may begin with a dash, <c>-dq</c> and <c>-p80:80</c> work, a switch never takes the next
/// word, and for some verbs the first argument ends the flags. System.CommandLine's own rules differ in each of these, so words are first
/// brought into the one form in which both agree (<c>--name=value … -- arguments</c>), and System.CommandLine parses that.
/// </remarks>
internal static class FlagReader
{
    /// <exception cref="UsageException">An unknown flag, or a value it does not take.</exception>
    public static ParsedFlags Read(Verb verb, IReadOnlyList<string> words)
    {
        Command command = new("verb") { TreatUnmatchedTokensAsErrors = true };
        Dictionary<Flag, Option<string[]>> options = new(verb.Flags.Length);
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

        Argument<string[]> arguments = new("arguments") { Arity = ArgumentArity.ZeroOrMore };
        command.Add(arguments);
        List<string> canonical = [];
        List<string> rest = [];
        bool help = false;
        void Take(Flag flag, string spelled, string value)
        {
            try
            {
                flag.Check(value);
            }
            catch (Exception failure) when (failure is FormatException or OverflowException)
            {
                throw new UsageException($"invalid argument \"{value}\" for \"{(flag.Letter is { } c ? $"-{c}, " : "")}--{flag.Name}\" flag: {failure.Message}");
            }

            _ = spelled;
            if (!options.TryGetValue(flag, out Option<string[]>? option))
            {
                options.Add(flag, option = new Option<string[]>($"--{flag.Name}") { Arity = ArgumentArity.OneOrMore });
                command.Add(option);
            }

            if (value.Length == 0)
            {
                canonical.Add($"--{flag.Name}");
                canonical.Add("");
            }
            else
            {
                canonical.Add($"--{flag.Name}={value}");
            }
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

                    throw new UsageException($"unknown flag: --{name}");
                }

                Take(flag, word, equals >= 0 ? word[(equals + 1)..]
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
                        Take(flag, word, "true");
                        continue;
                    }

                    Take(flag, word, equals ? word[(at + 2)..]
                        : at + 1 < word.Length ? word[(at + 1)..]
                        : i + 1 < words.Count ? words[++i]
                        : throw new UsageException($"flag needs an argument: '{word[at]}' in {word}"));
                    break;
                }
            }
        }

        canonical.Add("--");
        canonical.AddRange(rest);
        ParseResult result = command.Parse(canonical, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            throw new UsageException(result.Errors[0].Message);
        }

        return new ParsedFlags(
            options.ToDictionary(static pair => pair.Key, pair => result.GetValue(pair.Value) ?? []),
            result.GetValue(arguments) ?? [],
            help);
    }
}

/// <summary>What a verb was given.</summary>
internal sealed record ParsedFlags(IReadOnlyDictionary<Flag, string[]> Values, string[] Arguments, bool WantsHelp);
