namespace Skep.Cli.Services;

/// <summary>Parts of an image's name.</summary>
internal static class ImageReference
{
    /// <summary>Without the digest, where a tag says enough.</summary>
    public static string WithoutDigest(string? image)
    {
        if (image is null)
        {
            return "";
        }

        int at = image.IndexOf('@', StringComparison.Ordinal);
        return at < 0 || !HasTag(image[..at]) ? image : image[..at];
    }

    public static bool HasDigest(string image) => image.Contains('@', StringComparison.Ordinal);

    public static bool HasTag(string name) => name.LastIndexOf(':') > name.LastIndexOf('/');

    /// <summary><c>nginx</c> becomes <c>nginx:latest</c>.</summary>
    public static string WithTag(string image) => HasDigest(image) || HasTag(image) ? image : $"{image}:latest";

    /// <summary>The repository with its registry: <c>docker.io/library/nginx</c>; and the tag or digest.</summary>
    public static (string Repository, string Tag) Full(string image)
    {
        int at = image.IndexOf('@', StringComparison.Ordinal);
        string name = at < 0 ? image : image[..at];
        string tag = at < 0 ? "" : image[(at + 1)..];
        if (HasTag(name))
        {
            int colon = name.LastIndexOf(':');
            tag = tag.Length > 0 ? tag : name[(colon + 1)..];
            name = name[..colon];
        }

        int slash = name.IndexOf('/', StringComparison.Ordinal);
        bool hasRegistry = slash > 0 && (name[..slash].Contains('.', StringComparison.Ordinal) || name[..slash].Contains(':', StringComparison.Ordinal) || name[..slash] == "localhost");
        return (hasRegistry ? name : slash > 0 ? $"docker.io/{name}" : $"docker.io/library/{name}", tag.Length > 0 ? tag : "latest");
    }
}
