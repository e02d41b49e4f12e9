using System.Globalization;
using System.Text;
using Skep.Cli.Templates;

namespace Skep.Cli.Output;

/// <summary>The fields of a kind of object, with the heads they have in tables.</summary>
/// <param name="Default">The template of the table that is shown when nothing is asked for.</param>
internal sealed record Columns(string Default, IReadOnlyDictionary<string, string> Heads)
{
    /// <summary>From <c>Field=HEAD</c> pairs, with a table of <paramref name="shown"/>.</summary>
    public static Columns Of(string shown, params (string Field, string Head)[] heads) =>
        new(shown, heads.ToDictionary(static head => head.Field, static head => head.Head, StringComparer.Ordinal));
}

/// <summary>Prints lists as Docker does: a table, or what <c>--format</c> asks for.</summary>
internal static class Listing
{
    private const int LeastWidth = 10;
    private const int Gap = 3;

    /// <param name="format">As given with <c>--format</c>; empty for the usual table.</param>
    /// <param name="quietField">Set where only this field is wanted.</param>
    public static void Print(TextWriter output, string format, string? quietField, Columns columns, IReadOnlyList<Row> rows)
    {
        if (quietField is not null && (format.Length == 0 || format == "table"))
        {
            foreach (Row row in rows)
            {
                output.WriteLine(TemplateValue.Print(row[quietField]));
            }

            return;
        }

        if (format == "json")
        {
            format = "{{json .}}";
        }

        bool isTable = format.Length == 0 || format.StartsWith("table", StringComparison.Ordinal);
        string body = format is "" or "table" ? columns.Default : isTable ? format["table".Length..].TrimStart(' ') : format;
        body = body.Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
        GoTemplate template = GoTemplate.Parse(body);
        if (!isTable)
        {
            foreach (Row row in rows)
            {
                output.WriteLine(template.Run(row));
            }

            return;
        }

        List<string[]> lines = [Line(template, Head(columns))];
        lines.AddRange(rows.Select(row => Line(template, row)));
        output.Write(Align(lines));
    }

    /// <summary>Whether the format is a table, in which names may be indented.</summary>
    public static bool IsTable(string format) => format.Length == 0 || format.StartsWith("table", StringComparison.Ordinal);

    /// <summary>Columns of at least ten places, three blanks apart, as Go's tabwriter is used by Docker.</summary>
    public static string Align(List<string[]> lines, int leastWidth = LeastWidth)
    {
        int count = lines.Max(static line => line.Length);
        int[] widths = new int[count];
        foreach (string[] line in lines)
        {
            for (int i = 0; i < line.Length - 1; i++)
            {
                widths[i] = Math.Max(widths[i], Math.Max(leastWidth, Width(line[i]) + Gap));
            }
        }

        StringBuilder text = new();
        foreach (string[] line in lines)
        {
            for (int i = 0; i < line.Length; i++)
            {
                text.Append(line[i]);
                if (i < line.Length - 1)
                {
                    text.Append(' ', widths[i] - Width(line[i]));
                }
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static int Width(string text) => new StringInfo(text).LengthInTextElements;

    private static string[] Line(GoTemplate template, Row row) => template.Run(row).Split('\t');

    private static Row Head(Columns columns)
    {
        Row head = [];
        foreach ((string field, string text) in columns.Heads)
        {
            head[field] = field == "Label" ? (RowMethod)(arguments => arguments.Count > 0 ? Shorten(TemplateValue.Print(arguments[0])) : "") : text;
        }

        return head;
    }

    /// <summary>The head of <c>{{.Label "com.example.version"}}</c> is <c>version</c>.</summary>
    private static string Shorten(string label) => label.Split('.')[^1].Replace('-', ' ').Replace('_', ' ');
}
