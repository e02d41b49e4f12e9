using Microsoft.Win32.SafeHandles;

namespace Skep.Engine.Logs;

/// <summary>A container's output as bytes while it comes: what a client that is attached sees.</summary>
/// <remarks>Reads the spools by files of its own, so it ends properly even when the container is removed meanwhile.</remarks>
internal sealed class OutputReader : IDisposable
{
    /// <summary>A reader this far behind loses what lies between.</summary>
    public const long LongestLag = 64 * 1024 * 1024;

    private readonly ContainerLog _log;
    private readonly Action<OutputReader> _forget;
    private readonly SafeFileHandle _stdoutFile;
    private readonly SafeFileHandle _stderrFile;
    private long _stdout;
    private long _stderr;

    public OutputReader(ContainerLog log, long stdout, long stderr, Action<OutputReader> forget)
    {
        _log = log;
        _forget = forget;
        _stdout = stdout;
        _stderr = stderr;
        _stdoutFile = File.OpenHandle(log.StdoutPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        _stderrFile = File.OpenHandle(log.StderrPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    }

    public long Stdout => Interlocked.Read(ref _stdout);

    public long Stderr => Interlocked.Read(ref _stderr);

    /// <summary>The next bytes of either stream; null once the container has ended and all was read.</summary>
    public async Task<(LogStream Stream, int Count)?> ReadAsync(Memory<byte> buffer, CancellationToken ct)
    {
        while (true)
        {
            // In this order: what is written after the look wakes us.
            Task written = _log.Written;
            bool isFinished = _log.Position.IsFinished;
            if (Take(_stdoutFile, ref _stdout, buffer.Span) is > 0 and var fromStdout)
            {
                return (LogStream.Stdout, fromStdout);
            }

            if (Take(_stderrFile, ref _stderr, buffer.Span) is > 0 and var fromStderr)
            {
                return (LogStream.Stderr, fromStderr);
            }

            if (isFinished)
            {
                return null;
            }

            await written.WaitAsync(ct);
        }
    }

    public void Dispose()
    {
        _forget(this);
        _stdoutFile.Dispose();
        _stderrFile.Dispose();
    }

    private static int Take(SafeFileHandle file, ref long offset, Span<byte> buffer)
    {
        int read = RandomAccess.Read(file, buffer, offset);
        if (read > 0)
        {
            Interlocked.Add(ref offset, read);
        }

        return read;
    }
}
