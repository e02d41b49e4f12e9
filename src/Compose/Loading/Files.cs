namespace Skep.Compose;

/// <summary>Paths and contents of the files that a compose file names.</summary>
internal static class Files
{
    /// <exception cref="ComposeException">The file cannot be read; the text is the one of the system call.</exception>
    public static byte[] Read(string path, ComposeFileReader reader, Mark? where = null)
    {
        try
        {
            return reader(path);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ComposeException($"open {path}: no such file or directory", where, fault);
        }
        catch (ArgumentException fault)
        {
            throw new ComposeException($"open {path}: invalid argument", where, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            string text = Directory.Exists(path) ? $"read {path}: is a directory" : $"open {path}: {(fault is IOException ? fault.Message : "permission denied")}";
            throw new ComposeException(text, where, fault);
        }
    }

    /// <summary>The path seen from a folder, without <c>.</c> and <c>..</c>; an absolute path stays as it is.</summary>
    public static string Absolute(string folder, string path) =>
        path.StartsWith('/') ? path
        : path.Contains('\0', StringComparison.Ordinal) ? $"{folder}/{path}"
        : Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, folder));

    /// <summary>Where a bind mount points: <c>~</c> is the home, relative paths start in the folder, Windows paths stay.</summary>
    public static string BindSource(string source, string folder, IReadOnlyDictionary<string, string> environment, ICollection<string> warnings)
    {
        if (source.StartsWith('~'))
        {
            if (environment.TryGetValue("HOME", out string? home))
            {
                source = home + source[1..];
            }
            else
            {
                warnings.Add("cannot expand '~', because the environment lacks HOME");
            }
        }

        return IsWindowsAbsolute(source) ? source : Absolute(folder, source);
    }

    private static bool IsWindowsAbsolute(string path)
    {
        if (path.Length > 2 && path[1] == ':' && char.IsAsciiLetter(path[0]))
        {
            return path[2] is '\\' or '/';
        }

        // \\server\share\rest
        if (path.Length < 5 || !path.StartsWith(@"\\", StringComparison.Ordinal) || path[2] is '\\' or '/' or '.')
        {
            return false;
        }

        int share = path.AsSpan(3).IndexOfAny('\\', '/') + 4;
        return share > 4 && share < path.Length && path[share] is not ('\\' or '/' or '.') && path.AsSpan(share).IndexOfAny('\\', '/') > 0;
    }
}
