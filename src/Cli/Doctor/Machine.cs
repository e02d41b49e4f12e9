using System.Globalization;

namespace Skep.Cli.Doctor;

/// <summary>Reads the machine's own files under a root, which a test replaces.</summary>
internal sealed class Machine(string root = "/")
{
    /// <summary>The text of a file, trimmed; null where it cannot be read.</summary>
    public string? Text(string path)
    {
        try
        {
            return File.ReadAllText(At(path)).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public long? Number(string path) => long.TryParse(Text(path), NumberStyles.Integer, CultureInfo.InvariantCulture, out long value) ? value : null;

    public bool Has(string path) => File.Exists(At(path)) || Directory.Exists(At(path));

    public string[] Folders(string path) => Directory.Exists(At(path)) ? [.. Directory.GetFileSystemEntries(At(path)).Select(static entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)] : [];

    private string At(string path) => Path.Combine(root, path.TrimStart('/'));
}
