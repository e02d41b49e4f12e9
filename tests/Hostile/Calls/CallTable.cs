using System.Text;

namespace Skep.Hostile.Calls;

/// <summary>The page that says who may call what, as it was observed; a table a called role.</summary>
internal static class CallTable
{
    public const string Begin = "<!-- calls: begin (written by tests/Hostile) -->", End = "<!-- calls: end -->";

    /// <param name="cells">What came of each call, by called role, method and caller.</param>
    public static string Write(IReadOnlyList<string> callers, IReadOnlyList<(string Called, string Method, IReadOnlyList<string> Cells)> cells)
    {
        var page = new StringBuilder();
        foreach (IGrouping<string, (string Called, string Method, IReadOnlyList<string> Cells)> table in cells.GroupBy(c => c.Called))
        {
            page.Append($"\n### Called: a {table.Key}\n\n| method | {string.Join(" | ", callers)} |\n|---|{string.Concat(Enumerable.Repeat("---|", callers.Count))}\n");
            foreach ((_, string method, IReadOnlyList<string> row) in table)
            {
                page.Append($"| `{method}` | {string.Join(" | ", row)} |\n");
            }
        }

        return page.ToString();
    }

    public static string In(string page)
    {
        int begin = page.IndexOf(Begin, StringComparison.Ordinal), end = page.IndexOf(End, StringComparison.Ordinal);
        return begin < 0 || end < begin ? "" : page[(begin + Begin.Length + 1)..end];
    }

    public static string Put(string page, string table) => page[..(page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length + 1)] + table + page[page.IndexOf(End, StringComparison.Ordinal)..];
}
