using System.Globalization;

namespace Skep.Compose;

/// <summary>Replaces variables in every value of a file, and makes numbers and flags of those that must be some.</summary>
/// <remarks>Source: docker/cli:cli/compose/interpolation and cli/compose/loader/interpolate.go. Keys are left alone; a value is
/// only cast where a variable changed it.</remarks>
internal static class Interpolation
{
    private delegate ComposeValue Cast(string text);

    private static readonly (string[] Path, Cast Cast)[] Casts =
    [
        .. Paths(Integer, "services.*", "configs.[].mode", "secrets.[].mode", "healthcheck.retries", "deploy.replicas",
            "deploy.update_config.parallelism", "deploy.rollback_config.parallelism", "deploy.restart_policy.max_attempts",
            "deploy.placement.max_replicas_per_node", "ports.[].target", "ports.[].published", "ulimits.*", "ulimits.*.hard",
            "ulimits.*.soft", "oom_score_adj"),
        .. Paths(Real, "services.*", "deploy.update_config.max_failure_ratio", "deploy.rollback_config.max_failure_ratio"),
        .. Paths(Flag, "services.*", "healthcheck.disable", "privileged", "read_only", "stdin_open", "tty", "volumes.[].read_only",
            "volumes.[].volume.nocopy"),
        .. Paths(Flag, "networks.*", "external", "internal", "attachable"),
        .. Paths(Flag, "volumes.*", "external"),
        .. Paths(Flag, "secrets.*", "external"),
        .. Paths(Flag, "configs.*", "external"),
    ];

    /// <exception cref="ComposeException">A text cannot be read, lacks a required variable or does not become what it must.</exception>
    public static ComposeValue.Mapping Apply(ComposeValue.Mapping file, IReadOnlyDictionary<string, string> variables) =>
        (ComposeValue.Mapping)Apply(file, "", variables);

    private static ComposeValue Apply(ComposeValue value, string path, IReadOnlyDictionary<string, string> variables)
    {
        switch (value)
        {
            case ComposeValue.Text text:
                return Replace(text, path, variables);
            case ComposeValue.Mapping { HasOtherKeys: false } map:
                return map with
                {
                    Entries = [.. map.Entries.Select(entry => KeyValuePair.Create(
                        entry.Key, Apply(entry.Value, path.Length == 0 ? entry.Key : $"{path}.{entry.Key}", variables)))],
                };
            case ComposeValue.Sequence list:
                return list with { Items = [.. list.Items.Select(item => Apply(item, $"{path}.[]", variables))] };
            default:
                return value;
        }
    }

    private static ComposeValue Replace(ComposeValue.Text text, string path, IReadOnlyDictionary<string, string> variables)
    {
        string replaced;
        try
        {
            replaced = Template.Substitute(text.Value, variables);
        }
        catch (TemplateException fault)
        {
            throw new ComposeException(
                $"invalid interpolation format for {path}: {GoText.Quote(fault.Template)}; you may need to escape any $ with another $",
                text.Where,
                fault);
        }

        if (replaced == text.Value)
        {
            return text;
        }

        try
        {
            return (CastFor(path)?.Invoke(replaced) ?? new ComposeValue.Text(replaced)) with { Where = text.Where };
        }
        catch (FormatException fault)
        {
            throw new ComposeException(
                $"error while interpolating {path}: failed to cast to expected type: {fault.Message}", text.Where, fault);
        }
    }

    private static Cast? CastFor(string path)
    {
        string[] steps = path.Split('.');
        foreach ((string[] pattern, Cast cast) in Casts)
        {
            if (pattern.Length == steps.Length && pattern.Zip(steps).All(static pair => pair.First == "*" || pair.First == pair.Second))
            {
                return cast;
            }
        }

        return null;
    }

    private static IEnumerable<(string[] Path, Cast Cast)> Paths(Cast cast, string start, params string[] ends) =>
        ends.Select(end => ($"{start}.{end}".Split('.'), cast));

    private static ComposeValue Integer(string text)
    {
        if (text.Length == 0 || text.AsSpan(text[0] is '+' or '-' ? 1 : 0) is var digits && (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9')))
        {
            throw new FormatException($"strconv.Atoi: parsing {GoText.Quote(text)}: invalid syntax");
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? new ComposeValue.Whole(number)
            : throw new FormatException($"strconv.Atoi: parsing {GoText.Quote(text)}: value out of range");
    }

    private static ComposeValue Real(string text) =>
        double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double number)
            ? new ComposeValue.Real(number)
            : throw new FormatException($"strconv.ParseFloat: parsing {GoText.Quote(text)}: invalid syntax");

    private static ComposeValue Flag(string text) => text.ToLowerInvariant() switch
    {
        "y" or "yes" or "true" or "on" => new ComposeValue.Bool(true),
        "n" or "no" or "false" or "off" => new ComposeValue.Bool(false),
        _ => throw new FormatException($"invalid boolean: {text}"),
    };
}
