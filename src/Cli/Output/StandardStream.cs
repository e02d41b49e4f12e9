using System.Runtime.InteropServices;

namespace Skep.Cli.Output;

/// <summary>Standard input, output or error as the bytes they are. .NET's console reads terminals by lines and sends them codes of its own.</summary>
internal sealed partial class StandardStream(int file) : Stream
{
    private const int LargestRead = 64 * 1024;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const short Readable = 1;
    private const short Writable = 4;

    public override bool CanRead => file == 0;

    public override bool CanSeek => false;

    public override bool CanWrite => file != 0;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static bool IsTerminal(int file) => isatty(file) == 1;

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            nint count = read(file, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (count >= 0)
            {
                return (int)count;
            }

            // A terminal whose other side is gone, or an input that was closed, has ended.
            if (!MayGoOn(Readable))
            {
                return 0;
            }
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint count = write(file, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (count >= 0)
            {
                buffer = buffer[(int)count..];
            }
            else if (!MayGoOn(Writable))
            {
                throw new IOException($"write /dev/std{(file == 1 ? "out" : "err")}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Ends when it is cancelled, where reading in place would wait for the next key.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Into bytes of its own: what comes after all must not land where somebody else is by then.
        byte[] own = new byte[Math.Min(buffer.Length, LargestRead)];
        int count = await Task.Run(() => Read(own.AsSpan()), cancellationToken).WaitAsync(cancellationToken);
        own.AsSpan(0, count).CopyTo(buffer.Span);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
        // Nothing is kept back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Whoever shares our terminal may have told it not to block: then it is waited for.</summary>
    private bool MayGoOn(short events)
    {
        switch (Marshal.GetLastPInvokeError())
        {
            case Interrupted:
                return true;
            case WouldBlock:
                PollEntry entry = new() { File = file, Events = events };
                _ = poll(ref entry, 1, -1);
                return true;
            default:
                return false;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int file, ref byte buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int file, ref byte buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollEntry entries, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static partial int isatty(int file);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int File;
        public short Events;
        public short Returned;
    }
}
