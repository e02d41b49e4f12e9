using System.Text.RegularExpressions;

namespace Skep.Manager.Control;

/// <summary>The form of an image reference: <c>[host[:port]/]path[:tag][@digest]</c>.</summary>
/// <remarks>Source: distribution/reference:reference.go, grammar.</remarks>
internal static partial class ImageName
{
    public static bool IsValid(string text) => Reference().Match(text) is { Success: true } match && match.Groups["path"].Length <= 255;

    [GeneratedRegex(
        @"^(?:(?:localhost|(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)+|[a-zA-Z0-9-]+(?=:[0-9]+/)|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?" +
        @"(?<path>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)" +
        @"(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reference();
}
