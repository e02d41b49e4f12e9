namespace Skep.Engine.Images;

/// <summary>A name of an image, in Docker's reading: <c>nginx</c> is <c>docker.io/library/nginx:latest</c>.</summary>
/// <remarks>Source: distribution/reference:normalize.go, reference.go.</remarks>
/// <param name="Domain"><c>docker.io</c>, <c>localhost:5000</c> …</param>
/// <param name="Path"><c>library/nginx</c>.</param>
/// <param name="Tag">Null when only a digest was given.</param>
/// <param name="Digest"><c>sha256:…</c> or null.</param>
internal sealed record ImageReference(string Domain, string Path, string? Tag, string? Digest)
{
    public const string DockerHub = "docker.io";

    /// <summary>Path of the names that hold nameless images; never shown.</summary>
    public const string NamelessPath = "library/unnamed";

    public bool IsNameless => Domain == DockerHub && Path == NamelessPath;

    /// <summary>The full name without tag and digest.</summary>
    public string Repository => $"{Domain}/{Path}";

    /// <summary>The name images are stored under. With a digest the tag says nothing and is left out, as Docker does.</summary>
    public string FullName => Digest is not null ? $"{Repository}@{Digest}" : $"{Repository}:{Tag}";

    /// <summary>What a registry is asked for.</summary>
    public string Selector => Digest ?? Tag!;

    /// <summary>As Docker prints names: without <c>docker.io/library/</c>.</summary>
    public string FamiliarRepository => Domain != DockerHub ? Repository : Path.StartsWith("library/", StringComparison.Ordinal) ? Path["library/".Length..] : Path;

    public string FamiliarName => Digest is not null ? $"{FamiliarRepository}@{Digest}" : $"{FamiliarRepository}:{Tag}";

    /// <summary>Of host and path together. Source: distribution/reference:reference.go, NameTotalLengthMax.</summary>
    private const int LongestName = 255;

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/> <c>invalid reference format</c>.</exception>
    public static ImageReference Parse(string text) => TryParse(text, out string error) ?? throw ClusterException.Invalid(error);

    public static ImageReference? TryParse(string text, out string error)
    {
        error = "invalid reference format";
        string rest = text;
        string? digest = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            digest = rest[(at + 1)..];
            rest = rest[..at];
            if (!Images.Digest.IsValid(digest))
            {
                return null;
            }
        }

        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string domain = DockerHub;
        if (slash >= 0 && IsDomain(rest[..slash]))
        {
            domain = rest[..slash] == "index.docker.io" ? DockerHub : rest[..slash];
            rest = rest[(slash + 1)..];
        }

        string? tag = null;
        int colon = rest.LastIndexOf(':');
        if (colon >= 0)
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!IsTag(tag))
            {
                return null;
            }
        }

        if (rest.Length == 0 || !rest.Split('/').All(IsPathComponent))
        {
            if (rest.Any(char.IsAsciiLetterUpper))
            {
                error = "invalid reference format: repository name must be lowercase";
            }

            return null;
        }

        if (domain == DockerHub && !rest.Contains('/', StringComparison.Ordinal))
        {
            rest = "library/" + rest;
        }

        // Longer ones have no registry, and what containerd says of them is too long for a header.
        if (domain.Length + 1 + rest.Length > LongestName)
        {
            error = $"invalid reference format: repository name must not be more than {LongestName} characters";
            return null;
        }

        error = "";
        return new ImageReference(domain, rest, tag ?? (digest is null ? "latest" : null), digest);
    }

    public override string ToString() => FullName;

    private static bool IsDomain(string text)
        => text == "localhost" || text.Contains('.', StringComparison.Ordinal) || text.Contains(':', StringComparison.Ordinal) || text.Any(char.IsAsciiLetterUpper);

    private static bool IsTag(string text)
        => text.Length is > 0 and <= 128 && (char.IsAsciiLetterOrDigit(text[0]) || text[0] == '_') && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    /// <summary>Lower-case letters and digits, separated by one dot, one or two underscores, or dashes.</summary>
    private static bool IsPathComponent(string text)
    {
        if (text.Length == 0 || !IsAlphanumeric(text[0]) || !IsAlphanumeric(text[^1]))
        {
            return false;
        }

        for (int i = 0; i < text.Length;)
        {
            if (IsAlphanumeric(text[i]))
            {
                i++;
                continue;
            }

            int end = i;
            while (!IsAlphanumeric(text[end]))
            {
                end++;
            }

            string separator = text[i..end];
            if (separator is not ("." or "_" or "__") && separator.Any(c => c != '-'))
            {
                return false;
            }

            i = end;
        }

        return true;

        static bool IsAlphanumeric(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
    }
}
