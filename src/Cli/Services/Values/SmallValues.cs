using System.Globalization;
using System.Text;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Services.Values;

/// <summary>Reads the smaller values of service flags.</summary>
internal static class SmallValues
{
    /// <summary><c>net</c> or <c>name=net,alias=a,driver-opt=k=v</c>; the target is still a name.</summary>
    public static WireNetworkAttachmentConfig Network(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal))
        {
            return new WireNetworkAttachmentConfig { Target = text };
        }

        WireNetworkAttachmentConfig network = new();
        List<string> aliases = [];
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (string field in GoValues.Csv(text))
        {
            (string key, string value) = GoValues.Pair(field);
            switch (key.Trim().ToLowerInvariant())
            {
                case "name":
                    network = network with { Target = value };
                    break;
                case "alias":
                    aliases.Add(value);
                    break;
                case "driver-opt":
                    options[GoValues.Pair(value).Key] = GoValues.Pair(value).Value;
                    break;
                default:
                    throw new FormatException($"invalid field key {key}");
            }
        }

        return network.Target is null ? throw new FormatException("network name/id is not specified") : network with
        {
            Aliases = aliases.Count > 0 ? aliases : null,
            DriverOpts = options.Count > 0 ? options : null,
        };
    }

    /// <summary><c>spread=node.labels.zone</c>.</summary>
    public static WirePlacementPreference Preference(string text)
    {
        (string key, string value) = GoValues.Pair(text);
        return !text.Contains('=', StringComparison.Ordinal) ? throw new FormatException("placement preference must be of the format \"<strategy>=<arg>\"")
            : key == "spread" ? new WirePlacementPreference { Spread = new WireSpread { SpreadDescriptor = value } }
            : throw new FormatException($"unsupported placement preference {key} (only spread is supported)");
    }

    /// <summary><c>nofile=1024:2048</c>; one number counts for both.</summary>
    public static WireUlimit Ulimit(string text)
    {
        (string name, string limits) = GoValues.Pair(text);
        string[] numbers = limits.Split(':');
        return numbers.Length is 1 or 2 && long.TryParse(numbers[0], CultureInfo.InvariantCulture, out long soft) && long.TryParse(numbers[^1], CultureInfo.InvariantCulture, out long hard)
            ? hard >= 0 && soft > hard ? throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}"))
                : new WireUlimit { Name = name, Soft = soft, Hard = hard }
            : throw new FormatException($"invalid ulimit argument: {text}");
    }

    /// <summary><c>host:address</c> as <c>address host</c>, the way of /etc/hosts.</summary>
    public static string Host(string text)
    {
        int split = text.IndexOf(':', StringComparison.Ordinal);
        split = split < 0 ? text.IndexOf('=', StringComparison.Ordinal) : split;
        return split > 0 && split < text.Length - 1 ? $"{text[(split + 1)..].Trim('[', ']')} {text[..split]}" : throw new FormatException($"bad format for add-host: \"{text}\"");
    }

    /// <summary><c>gpu=2</c> is a count, <c>gpu=uuid1</c> a name.</summary>
    public static WireGenericResource Generic(string text)
    {
        (string kind, string value) = GoValues.Pair(text);
        return !text.Contains('=', StringComparison.Ordinal) || value.Length == 0 ? throw new FormatException($"incorrect term {text}, missing '=' or malformed expression")
            : long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? new WireGenericResource { DiscreteResourceSpec = new WireDiscreteResource(kind, count) }
            : new WireGenericResource { NamedResourceSpec = new WireNamedResource(kind, value) };
    }

    public static string Capability(string text)
    {
        string upper = text.Trim().ToUpperInvariant();
        return upper is "ALL" or "RESET" || upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper : $"CAP_{upper}";
    }

    /// <summary>Variables; a name alone takes its value from the environment. Later ones replace earlier ones.</summary>
    public static List<string> Environment(Terminal terminal, IEnumerable<string> files, IEnumerable<string> given, IEnumerable<string>? present = null)
    {
        List<string> variables = [.. present ?? []];
        foreach (string file in files)
        {
            foreach (string line in Lines(terminal, file))
            {
                if (line.Contains('=', StringComparison.Ordinal))
                {
                    Put(variables, line);
                }
                else if (terminal.Environment.TryGetValue(line, out string? value))
                {
                    Put(variables, $"{line}={value}");
                }
            }
        }

        foreach (string variable in given)
        {
            Put(variables, variable.Contains('=', StringComparison.Ordinal) || !terminal.Environment.TryGetValue(variable, out string? value) ? variable : $"{variable}={value}");
        }

        return variables;
    }

    /// <summary>Of a file of variables or labels: without comments and empty lines.</summary>
    /// <exception cref="CliException">It cannot be read.</exception>
    public static IEnumerable<string> Lines(Terminal terminal, string file)
    {
        try
        {
            return File.ReadAllLines(Path.GetFullPath(file, terminal.CurrentDirectory))
                .Select(static line => line.TrimStart()).Where(static line => line.Length > 0 && line[0] != '#');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"open {file}: {(failure is FileNotFoundException ? "no such file or directory" : failure.Message)}");
        }
    }

    /// <summary>Splits a command as a shell does: blanks, quotes, backslashes.</summary>
    public static List<string> ShellWords(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool any = false;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\'' ? c != '\'' : quote == '"' && c != '"' && c != '\\')
            {
                word.Append(c);
            }
            else if (c == quote && quote != '\0')
            {
                quote = '\0';
            }
            else if (c is '\'' or '"' && quote == '\0')
            {
                quote = c;
                any = true;
            }
            else if (c == '\\' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
                any = true;
            }
            else if (char.IsWhiteSpace(c) && quote == '\0')
            {
                if (any || word.Length > 0)
                {
                    words.Add(word.ToString());
                }

                word.Clear();
                any = false;
            }
            else
            {
                word.Append(c);
            }
        }

        if (quote != '\0')
        {
            throw new FormatException("EOF found when expecting closing quote");
        }

        if (any || word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    private static void Put(List<string> variables, string variable)
    {
        string name = variable.Split('=')[0];
        variables.RemoveAll(other => other == name || other.StartsWith(name + "=", StringComparison.Ordinal));
        variables.Add(variable);
    }
}
