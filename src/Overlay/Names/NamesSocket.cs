using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Names;

/// <summary>One end of the connection between skepd and the names program. Used by one thread; its calls block, no longer than the patience.</summary>
internal sealed class NamesSocket(FileDescriptor file) : IDisposable
{
    private readonly Queue<FileDescriptor> _files = [];

    public FileDescriptor File => file;

    /// <summary>Null when nobody listens.</summary>
    public static NamesSocket? Connect(string path, TimeSpan patience)
    {
        FileDescriptor file = LibC.OpenUnix();
        LibC.SetTimeout(file, patience);
        if (LibC.Connect(file, path))
        {
            return new NamesSocket(file);
        }

        file.Dispose();
        return null;
    }

    /// <exception cref="ObjectDisposedException">One of the frame's files was closed meanwhile; nothing was sent.</exception>
    public void Send(NamesMessage frame)
    {
        int held = 0;
        try
        {
            Span<int> numbers = stackalloc int[frame.Files.Length];
            foreach (FileDescriptor sent in frame.Files)
            {
                bool isHeld = false;
                sent.DangerousAddRef(ref isHeld);
                numbers[held++] = sent.Value;
            }
            LibC.Send(file, frame.ToBytes(), numbers);
        }
        finally
        {
            for (int i = 0; i < held; i++)
            {
                frame.Files[i].DangerousRelease();
            }
        }
    }

    /// <summary>The next frame; null when the other side ended.</summary>
    public NamesMessage? Receive()
    {
        Span<byte> header = stackalloc byte[NamesMessage.HeaderLength];
        if (!Fill(header))
        {
            return null;
        }

        (NamesMessageKind verb, int length, int files) = NamesMessage.ReadHeader(header);
        byte[] body = new byte[length];
        if (!Fill(body))
        {
            return null;
        }

        if (_files.Count < files)
        {
            throw new InvalidDataException($"{verb} came with {_files.Count} of {files} files");
        }

        return new NamesMessage(verb, body) { Files = [.. Enumerable.Range(0, files).Select(_ => _files.Dequeue())] };
    }

    public void Dispose()
    {
        foreach (FileDescriptor unread in _files)
        {
            unread.Dispose();
        }

        _files.Clear();
        file.Dispose();
    }

    private bool Fill(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int got = LibC.Receive(file, buffer, _files);
            if (got == 0)
            {
                return false;
            }

            buffer = buffer[got..];
        }
        return true;
    }
}
