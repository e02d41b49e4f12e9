namespace Skep.Rpc.Security;

/// <summary>Small files of a node that only root reads: there whole, old or new, or not at all.</summary>
public static class PrivateFile
{
    /// <summary>Writes <paramref name="content"/> beside <paramref name="path"/>, brings it to the disk and renames it into place. Makes the folder.</summary>
    /// <exception cref="IOException">The disk is full or broken; what was there is there still.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content) => Replace(path, content, isSynced: true);

    /// <summary>As <see cref="Replace(string, ReadOnlySpan{byte})"/>, for what is written often and may be lost, or empty, after a power failure.</summary>
    public static void ReplaceQuickly(string path, ReadOnlySpan<byte> content) => Replace(path, content, isSynced: false);

    /// <summary>Writes <paramref name="text"/> in place, for what changes many times in its life: no other file is made. One write and never shorter than before, padded with
    /// line ends, so that it is whole also when the process is killed meanwhile; after a power failure it may be torn. What is longer than a page is replaced quickly.</summary>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public static void Overwrite(string path, ReadOnlySpan<byte> text)
    {
        const int step = 512, page = 4096;
        if (text.Length > page)
        {
            ReplaceQuickly(path, text);
            return;
        }

        using FileStream file = Open(path, FileMode.OpenOrCreate);
        long length = Math.Max(file.Length, (text.Length + step - 1) / step * step);
        Span<byte> padded = new byte[length];
        text.CopyTo(padded);
        padded[text.Length..].Fill((byte)'\n');
        RandomAccess.Write(file.SafeFileHandle, padded, fileOffset: 0);
    }

    /// <summary>Adds <paramref name="text"/> to the end in one write. Makes the folder.</summary>
    public static void Append(string path, ReadOnlySpan<byte> text)
    {
        using FileStream file = Open(path, FileMode.Append);
        file.Write(text);
    }

    private static FileStream Open(string path, FileMode mode)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new FileStream(path, new FileStreamOptions { Mode = mode, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
    }

    private static void Replace(string path, ReadOnlySpan<byte> content, bool isSynced)
    {
        string temporary = path + ".new";
        using (FileStream file = Open(temporary, FileMode.Create))
        {
            file.Write(content);
            file.Flush(flushToDisk: isSynced);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
