using Skep.Cli.Output;

namespace Skep.Cli.Objects;

/// <summary>The content of a secret or config: a file, or standard input for <c>-</c>.</summary>
internal static class DataFile
{
    public static async Task<byte[]> ReadAsync(Terminal terminal, string name, CancellationToken cancellation, string whenFailed = "")
    {
        try
        {
            await using Stream stream = name == "-" ? terminal.OpenInput() : File.OpenRead(Path.GetFullPath(name, terminal.CurrentDirectory));
            using MemoryStream data = new();
            await stream.CopyToAsync(data, cancellation);
            return data.ToArray();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{whenFailed}error reading from {name}: open {name}: {(failure is FileNotFoundException or DirectoryNotFoundException ? "no such file or directory" : failure.Message)}");
        }
    }
}
