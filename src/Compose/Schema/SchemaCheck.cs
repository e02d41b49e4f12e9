using System.Globalization;

namespace Skep.Compose;

/// <summary>Checks a file against its rules and words the first mistake as Docker does.</summary>
/// <remarks>Which of several mistakes is told follows from the order in which they are found and from a score that picks the
/// nearest alternative, both as in xeipuuv/gojsonschema:validation.go; the choice is docker/cli:cli/compose/schema/schema.go's.</remarks>
internal static class SchemaCheck
{
    /// <exception cref="ComposeException">The file breaks the rules of the version, or there is no such version.</exception>
    public static void Run(ComposeValue.Mapping file, string version)
    {
        Rule root = ComposeSchema.For(version)
            ?? throw new ComposeException($"unsupported Compose file version: {version}", file["version"]?.Where);
        JsonCompatibility.Check(file);
        SchemaErrors findings = new();
        Check(root, file, ValuePath.Root, findings);
        if (findings.Faults.Count > 0)
        {
            throw MostSpecific(findings.Faults);
        }
    }

    private static ComposeException MostSpecific(List<SchemaError> faults)
    {
        int chosen = 0;
        for (int i = 1; i < faults.Count; i++)
        {
            int more = faults[i].Place.Depth - faults[chosen].Place.Depth;
            if (more > 0 || (more == 0 && faults[i].Kind == SchemaErrorKind.Type && faults[chosen].Kind != SchemaErrorKind.Type))
            {
                chosen = i;
            }
        }

        SchemaError fault = faults[chosen];
        string text = fault.Kind switch
        {
            SchemaErrorKind.Type => "must be a " + Article.Of(fault.Text),
            SchemaErrorKind.Alternatives when chosen + 1 < faults.Count => faults[chosen + 1].Text,
            SchemaErrorKind.Alternatives or SchemaErrorKind.Other => fault.Text,
        };
        return new ComposeException($"{fault.Place.Path} {text}", fault.Where);
    }

    private static void Check(Rule rule, ComposeValue value, ValuePath place, SchemaErrors findings)
    {
        string type = TypeOf(value);
        if (!rule.Allows(type) && !(type == "integer" && rule.Allows("number")))
        {
            findings.Add(new SchemaError(SchemaErrorKind.Type, place, string.Join(',', rule.Types), value.Where));
            return;
        }

        Alternatives(rule, value, place, findings);
        switch (value)
        {
            case ComposeValue.Sequence list:
                CheckItems(rule, list, place, findings);
                Common(rule, value, place, findings);
                break;
            case ComposeValue.Mapping map:
                CheckKeys(rule, map, place, findings);
                Common(rule, value, place, findings);
                foreach (Property property in rule.Properties)
                {
                    if (map[property.Name] is { } entry)
                    {
                        Check(property.Rule, entry, place.At(property.Name), findings);
                    }
                }

                break;
            case ComposeValue.Null:
                Common(rule, value, place, findings);
                break;
            default:
                Common(rule, value, place, findings);
                CheckScalar(rule, value, place, findings);
                break;
        }

        findings.Score++;
    }

    private static void Alternatives(Rule rule, ComposeValue value, ValuePath place, SchemaErrors findings)
    {
        if (rule.OneOf.Count > 0)
        {
            int fitting = 0;
            SchemaErrors? nearest = null;
            foreach (Rule alternative in rule.OneOf)
            {
                SchemaErrors found = new();
                Check(alternative, value, place, found);
                if (found.Faults.Count == 0)
                {
                    fitting++;
                }
                else if (fitting == 0 && (nearest is null || found.Score > nearest.Score))
                {
                    nearest = found;
                }
            }

            if (fitting != 1)
            {
                findings.Add(new SchemaError(SchemaErrorKind.Alternatives, place, "Must validate one and only one schema (oneOf)", value.Where));
                if (fitting == 0 && nearest is not null)
                {
                    findings.Take(nearest);
                }
            }
        }

        findings.Score++;
    }

    private static void CheckItems(Rule rule, ComposeValue.Sequence list, ValuePath place, SchemaErrors findings)
    {
        if (rule.Items is { } items)
        {
            for (int i = 0; i < list.Items.Count; i++)
            {
                SchemaErrors found = new();
                Check(items, list.Items[i], place.At(i.ToString(CultureInfo.InvariantCulture)), found);
                findings.Take(found);
            }
        }

        if (rule.UniqueItems)
        {
            Dictionary<string, int> seen = new(StringComparer.Ordinal);
            for (int j = 0; j < list.Items.Count; j++)
            {
                string json = JsonCompatibility.Canonical(list.Items[j]);
                if (seen.TryGetValue(json, out int i))
                {
                    findings.Add(new SchemaError(
                        SchemaErrorKind.Other,
                        place,
                        string.Create(CultureInfo.InvariantCulture, $"array items[{i},{j}] must be unique"),
                        list.Items[j].Where));
                }

                seen[json] = j;
            }
        }

        findings.Score++;
    }

    private static void CheckKeys(Rule rule, ComposeValue.Mapping map, ValuePath place, SchemaErrors findings)
    {
        foreach (string required in rule.Required)
        {
            if (map[required] is null)
            {
                findings.Add(new SchemaError(SchemaErrorKind.Other, place, $"{required} is required", map.Where));
            }
            else
            {
                findings.Score++;
            }
        }

        // Docker meets the keys in no sure order, but mostly in this one.
        foreach ((string key, ComposeValue value) in map.Entries.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
        {
            bool described = rule.Properties.Any(property => property.Name == key);
            bool matched = false;
            foreach (Pattern pattern in rule.Patterns.Where(pattern => pattern.Fits(key)))
            {
                matched = true;
                SchemaErrors found = new();
                Check(pattern.Rule, value, place.At(key), found);
                findings.Take(found);
            }

            findings.Score += matched ? 1 : 0;
            if (rule.Closed && !described && !matched)
            {
                findings.Add(new SchemaError(SchemaErrorKind.Other, place, $"Additional property {key} is not allowed", value.Where));
            }
        }

        findings.Score++;
    }

    private static void CheckScalar(Rule rule, ComposeValue value, ValuePath place, SchemaErrors findings)
    {
        if (rule.Minimum is { } minimum && value is ComposeValue.Whole number && number.Value < minimum)
        {
            findings.Add(new SchemaError(
                SchemaErrorKind.Other, place, $"Must be greater than or equal to {minimum.ToString(CultureInfo.InvariantCulture)}", value.Where));
        }

        if (rule.Format is { } format && value is not ComposeValue.Bool && !format.Fits(value))
        {
            findings.Add(new SchemaError(SchemaErrorKind.Other, place, $"Does not match format '{format.Name}'", value.Where));
        }

        findings.Score++;
    }

    private static void Common(Rule rule, ComposeValue value, ValuePath place, SchemaErrors findings)
    {
        if (rule.Choices.Count > 0 && !(value is ComposeValue.Text text && rule.Choices.Contains(text.Value, StringComparer.Ordinal)))
        {
            string allowed = string.Join(", ", rule.Choices.Select(static choice => $"\"{choice}\""));
            findings.Add(new SchemaError(SchemaErrorKind.Other, place, $"{place.Path} must be one of the following: {allowed}", value.Where));
        }

        findings.Score++;
    }

    private static string TypeOf(ComposeValue value) => value switch
    {
        ComposeValue.Null => "null",
        ComposeValue.Bool => "boolean",
        ComposeValue.Whole => "integer",
        ComposeValue.Real real => double.IsInteger(real.Value) ? "integer" : "number",
        ComposeValue.Sequence => "array",
        ComposeValue.Mapping => "object",
        _ => "string",
    };
}
