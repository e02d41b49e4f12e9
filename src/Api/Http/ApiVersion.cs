using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Skep.Api.Http;

/// <summary>A version of the Engine API.</summary>
internal readonly record struct ApiVersion(int Major, int Minor) : IComparable<ApiVersion>
{
    public static ApiVersion Newest => new(1, 50);

    public static ApiVersion Oldest => new(1, 24);

    /// <summary>Takes <c>v1.44</c> off the front of a path.</summary>
    public static bool TryStrip(string path, out ApiVersion version, [NotNullWhen(true)] out string? rest)
    {
        version = default;
        rest = null;
        int end = path.IndexOf('/', 1);
        if (end < 0 || path.Length < 3 || path[1] != 'v' || !char.IsAsciiDigit(path[2]))
        {
            return false;
        }

        string[] parts = path[2..end].Split('.');
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
        {
            return false;
        }

        version = new ApiVersion(major, minor);
        rest = path[end..];
        return true;
    }

    /// <exception cref="ClusterException">Outside of what is served.</exception>
    public void RequireServed()
    {
        if (CompareTo(Newest) > 0)
        {
            throw ClusterException.Invalid($"client version {this} is too new. Maximum supported API version is {Newest}");
        }

        if (CompareTo(Oldest) < 0)
        {
            throw ClusterException.Invalid($"client version {this} is too old. Minimum supported API version is {Oldest}, please upgrade your client to a newer version");
        }
    }

    public int CompareTo(ApiVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
