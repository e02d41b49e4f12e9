using System.Text;

namespace Skep.Compose;

/// <summary>A file of <c>NAME=value</c> lines; values are taken as they stand, quotes and <c>#</c> included.</summary>
/// <remarks>Source: docker/cli:pkg/kvfile.</remarks>
internal static class EnvFile
{
    /// <summary>Reads the variables of a file into <paramref name="into"/>; a bare name takes its value from
    /// <paramref name="environment"/> or is left out.</summary>
    /// <exception cref="ComposeException">The file cannot be read or a line has no usable name.</exception>
    public static void Read(
        string path, ComposeFileReader reader, IReadOnlyDictionary<string, string> environment, IDictionary<string, string?> into, Mark? where)
    {
        string content;
        try
        {
            content = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Files.Read(path, reader, where));
        }
        catch (DecoderFallbackException)
        {
            throw new ComposeException($"invalid env file ({path}): invalid utf8 bytes", where);
        }

        foreach (string raw in content.TrimStart('\uFEFF').Split('\n'))
        {
            string line = (raw.EndsWith('\r') ? raw[..^1] : raw).TrimStart();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int split = line.IndexOf('=', StringComparison.Ordinal);
            string name = split < 0 ? line : line[..split];
            if (name.Length == 0)
            {
                throw new ComposeException($"invalid env file ({path}): no variable name on line '{line}'", where);
            }

            if (name.AsSpan().ContainsAny(' ', '\t'))
            {
                throw new ComposeException($"invalid env file ({path}): variable '{name}' contains whitespaces", where);
            }

            if (split >= 0)
            {
                into[name] = line[(split + 1)..];
            }
            else if (environment.TryGetValue(name, out string? value))
            {
                into[name] = value;
            }
        }
    }
}
