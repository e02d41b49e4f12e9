using System.Globalization;
using YamlDotNet.Core;

namespace Skep.Compose;

/// <summary>Words a mistake in the YAML as libyaml does, which users know; unknown mistakes keep the parser's words.</summary>
internal static class YamlError
{
    private static readonly (string Part, string Text)[] Known =
    [
        ("invalid mapping", "mapping values are not allowed in this context"),
        ("apping values are not allowed", "mapping values are not allowed in this context"),
        ("did not find expected key", "did not find expected key"),
        ("did not find expected '-' indicator", "did not find expected '-' indicator"),
        ("expected ',' or '}'", "did not find expected ',' or '}'"),
        ("expected ',' or ']'", "did not find expected ',' or ']'"),
        ("did not find expected node content", "did not find expected node content"),
        ("could not find expected ':'", "could not find expected ':'"),
        ("unexpected end of stream", "found unexpected end of stream"),
        ("unexpected document indicator", "found unexpected document indicator"),
        ("cannot start any token", "found character that cannot start any token"),
        ("tab character", "found a tab character that violates indentation"),
        ("unknown escape character", "found unknown escape character"),
        ("undefined tag handle", "found undefined tag handle"),
        ("equence entries are not allowed", "block sequence entries are not allowed in this context"),
        ("apping keys are not allowed", "mapping keys are not allowed in this context"),
        ("did not find expected <document start>", "did not find expected <document start>"),
    ];

    /// <param name="collection">Where the innermost open list or mapping begins.</param>
    public static ComposeException Of(YamlException broken, string file, Mark? collection)
    {
        string text = broken.Message;
        foreach ((string part, string known) in Known)
        {
            if (text.Contains(part, StringComparison.OrdinalIgnoreCase))
            {
                text = known;
                break;
            }
        }

        Mark where = new(file, (int)broken.Start.Line, (int)broken.Start.Column);

        // libyaml's parser, unlike its scanner, counts lines from 0 and names the start of the collection; where that is line 0, the mistake's.
        // Line 0 is never told.
        int told = !text.StartsWith("did not find expected", StringComparison.Ordinal) ? (where.Line > 1 ? where.Line : 0)
            : collection is { Line: > 1 } ? collection.Line - 1
            : where.Line - 1;
        string line = told > 0 ? string.Create(CultureInfo.InvariantCulture, $"line {told}: ") : "";
        return new ComposeException($"yaml: {line}{text}", where, broken);
    }
}
