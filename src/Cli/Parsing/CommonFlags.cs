namespace Skep.Cli.Parsing;

/// <summary>Flags that mean the same wherever they occur.</summary>
internal static class CommonFlags
{
    public static readonly Flag<string> Format = Flag.Text("format", "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or a Go template");

    /// <summary>The same with a letter, for <c>inspect</c>.</summary>
    public static readonly Flag<string> InspectFormat = Flag.Text("format", "Format output using a custom template: 'json' or a Go template", 'f');

    public static readonly ListFlag<KeyValuePair<string, string>> Filter = Flag.List("filter", "Filter output based on conditions provided", ReadFilter, 'f', "filter");

    /// <summary>The same where <c>-f</c> means force.</summary>
    public static readonly ListFlag<KeyValuePair<string, string>> PruneFilter = Flag.List("filter", "Provide filter values (e.g. \"label=<key>=<value>\")", ReadFilter, valueName: "filter");

    public static readonly Flag<bool> Quiet = Flag.Switch("quiet", "Only display IDs", 'q');

    public static readonly Flag<bool> NoTrunc = Flag.Switch("no-trunc", "Do not truncate output");

    public static readonly Flag<bool> NoResolve = Flag.Switch("no-resolve", "Do not map IDs to Names");

    public static readonly Flag<bool> Pretty = Flag.Switch("pretty", "Print the information in a human friendly format");

    public static readonly Flag<bool> Detach = Flag.Switch("detach", "Exit immediately instead of waiting for the service to converge", 'd');

    public static readonly Flag<bool> QuietProgress = Flag.Switch("quiet", "Suppress progress output", 'q');

    public static readonly Flag<bool> Force = Flag.Switch("force", "Do not prompt for confirmation", 'f');

    /// <exception cref="FormatException">It has no <c>=</c>.</exception>
    public static KeyValuePair<string, string> ReadFilter(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal))
        {
            throw new FormatException("invalid filter '" + text + "': bad format of filter (expected name=value)");
        }

        (string key, string value) = GoValues.Pair(text);
        return KeyValuePair.Create(key.Trim().ToLowerInvariant(), value.Trim());
    }
}
