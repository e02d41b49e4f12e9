using System.Text.RegularExpressions;

namespace Skep.Compose;

/// <summary>Image references: <c>[domain/]path[:tag][@digest]</c>.</summary>
/// <remarks>Source: distribution/reference:regexp.go and normalize.go.</remarks>
internal static partial class ImageName
{
    /// <exception cref="ComposeException">The service has no image, or none that can be referred to.</exception>
    public static void Check(string service, string image)
    {
        string? fault = image.Length == 0 ? "no image specified" : Identifier().IsMatch(image) || Digest().IsMatch(image) ? null : FaultOf(image);
        if (fault is not null)
        {
            throw new ComposeException($"invalid image reference for service {service}: {fault}");
        }
    }

    /// <summary>The image in its short form and with the tag <c>latest</c> where it has neither tag nor digest.</summary>
    public static string WithTag(string image)
    {
        if (FaultOf(image) is not null)
        {
            return image;
        }

        (string domain, string rest) = Split(image);
        string familiar = domain != "docker.io" ? $"{domain}/{rest}"
            : rest.StartsWith("library/", StringComparison.Ordinal) && rest.IndexOf('/', 8) < 0 ? rest[8..]
            : rest;
        return rest.Contains(':', StringComparison.Ordinal) || rest.Contains('@', StringComparison.Ordinal) ? familiar : $"{familiar}:latest";
    }

    private static string? FaultOf(string image)
    {
        if (Identifier().IsMatch(image))
        {
            return $"invalid repository name ({image}), cannot specify 64-byte hexadecimal strings";
        }

        (string domain, string rest) = Split(image);
        int tag = rest.IndexOf(':', StringComparison.Ordinal);
        string path = tag < 0 ? rest : rest[..tag];
        if (path.Any(char.IsUpper))
        {
            return $"invalid reference format: repository name ({path}) must be lowercase";
        }

        if (!Reference().IsMatch($"{domain}/{rest}"))
        {
            return "invalid reference format";
        }

        return domain.Length + 1 + path.Split('@')[0].Length > 255 ? "repository name must not be more than 255 characters" : null;
    }

    private static (string Domain, string Path) Split(string image)
    {
        int slash = image.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : image[..slash];
        bool isDomain = slash >= 0 && (first.AsSpan().ContainsAny('.', ':') || first == "localhost" || first.Any(char.IsUpper));
        string domain = isDomain && first != "index.docker.io" ? first : "docker.io";
        string rest = isDomain ? image[(slash + 1)..] : image;
        return (domain, domain == "docker.io" && !rest.Contains('/', StringComparison.Ordinal) ? $"library/{rest}" : rest);
    }

    [GeneratedRegex("^[a-f0-9]{64}$")]
    private static partial Regex Identifier();

    [GeneratedRegex("^sha(256:[a-f0-9]{64}|384:[a-f0-9]{96}|512:[a-f0-9]{128})$")]
    private static partial Regex Digest();

    [GeneratedRegex(
        @"^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
        + @"(?:/[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*)+(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
        + @"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$")]
    private static partial Regex Reference();
}
