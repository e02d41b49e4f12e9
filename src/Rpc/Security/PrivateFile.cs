namespace Skep.Rpc.Security;

/// <summary>Small files of a node that only root reads: there whole, old or new, or not at all.</summary>
public static class PrivateFile
{
    /// <summary>Writes <paramref name="content"/> beside <paramref name="path"/>, brings it to the disk and renames it into place. Makes the folder.</summary>
    /// <exception cref="IOException">The disk is full or broken; what was there is there still.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content) => Replace(path, content, isSynced: true);

    /// <summary>As <see cref="Replace(string, ReadOnlySpan{byte})"/>, for what is written often and may be lost, or empty, after a power failure.</summary>
    public static void ReplaceQuickly(string path, ReadOnlySpan<byte> content) => Replace(path, content, isSynced: false);

    private static void Replace(string path, ReadOnlySpan<byte> content, bool isSynced)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = path + ".new";
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            file.Write(content);
            file.Flush(flushToDisk: isSynced);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
