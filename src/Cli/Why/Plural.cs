using System.Globalization;

namespace Skep.Cli.Why;

/// <summary>Counts with their nouns: <c>1 node</c>, <c>3 nodes</c>.</summary>
internal static class Plural
{
    public static string Nodes(long count) => Of(count, "node");

    public static string Tasks(long count) => Of(count, "task");

    public static string Of(long count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    public static string Verb(long count, string one, string more) => count == 1 ? one : more;
}
