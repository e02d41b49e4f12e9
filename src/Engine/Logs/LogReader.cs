using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Skep.Engine.Logs;

/// <summary>Reads a container's lines, from the beginning or the end, and on as they come.</summary>
internal static class LogReader
{
    private const int BlockBytes = 64 * 1024;

    public static async IAsyncEnumerable<LogLine> ReadAsync(ContainerLog log, LogQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        (long generation, long offset) = query.Tail is { } tail ? FindTail(log, query, tail) : (log.Position.Oldest, 0L);
        while (true)
        {
            Task changed = log.Changed;
            LogPosition position = log.Position;
            if (generation < position.Oldest)
            {
                (generation, offset) = (position.Oldest, 0);
            }

            foreach ((LogLine line, long end) in ReadFile(log, generation, offset, generation == position.Generation ? position.Length : long.MaxValue))
            {
                ct.ThrowIfCancellationRequested();
                offset = end;
                if (query.Until is { } until && line.Time > until)
                {
                    yield break;
                }

                if (Wants(query, line))
                {
                    yield return line;
                }
            }

            if (generation < position.Generation)
            {
                (generation, offset) = (generation + 1, 0);
                continue;
            }

            if (!query.Follow || position.IsFinished)
            {
                yield break;
            }

            await changed.WaitAsync(ct);
        }
    }

    private static bool Wants(LogQuery query, LogLine line)
        => (line.Stream == LogStream.Stdout ? query.Stdout : query.Stderr) && !(query.Since is { } since && line.Time < since);

    private static IEnumerable<(LogLine Line, long End)> ReadFile(ContainerLog log, long generation, long offset, long limit)
    {
        using SafeFileHandle? file = Open(log, generation);
        if (file is null)
        {
            yield break;
        }

        byte[] buffer = new byte[BlockBytes];
        int held = 0;
        limit = Math.Min(limit, RandomAccess.GetLength(file));
        long readAt = offset;
        while (true)
        {
            if (held == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            int read = RandomAccess.Read(file, buffer.AsSpan(held, (int)Math.Min(buffer.Length - held, limit - readAt)), readAt);
            if (read == 0)
            {
                yield break;
            }

            readAt += read;
            held += read;
            int start = 0;
            while (true)
            {
                int newline = Array.IndexOf(buffer, (byte)'\n', start, held - start);
                if (newline < 0)
                {
                    break;
                }

                offset += newline + 1 - start;
                LogLine? line = LogLineJson.Parse(buffer.AsSpan(start, newline - start));
                start = newline + 1;
                if (line is not null)
                {
                    yield return (line, offset);
                }
            }

            Array.Copy(buffer, start, buffer, 0, held - start);
            held -= start;
        }
    }

    /// <summary>Where to begin so that at most <paramref name="count"/> wanted lines follow.</summary>
    private static (long Generation, long Offset) FindTail(ContainerLog log, LogQuery query, long count)
    {
        LogPosition position = log.Position;
        if (count <= 0)
        {
            return (position.Generation, position.Length);
        }

        for (long generation = position.Generation; generation >= position.Oldest; generation--)
        {
            using SafeFileHandle? file = Open(log, generation);
            if (file is null)
            {
                return (generation + 1, 0);
            }

            long end = generation == position.Generation ? position.Length : RandomAccess.GetLength(file);
            foreach ((LogLine? line, long start) in ReadBackwards(file, end))
            {
                if (line is null || !Wants(query, line))
                {
                    continue;
                }

                if (--count == 0)
                {
                    return (generation, start);
                }
            }
        }

        return (position.Oldest, 0);
    }

    private static IEnumerable<(LogLine? Line, long Start)> ReadBackwards(SafeFileHandle file, long end)
    {
        byte[] rest = [];
        long blockStart = end;
        while (blockStart > 0)
        {
            int size = (int)Math.Min(BlockBytes, blockStart);
            blockStart -= size;
            byte[] block = new byte[size + rest.Length];
            RandomAccess.Read(file, block.AsSpan(0, size), blockStart);
            rest.CopyTo(block, size);
            int lineEnd = block.Length;
            // The last byte of a whole line is its newline; look for the one before it.
            while (lineEnd > 0)
            {
                int before = block.AsSpan(0, lineEnd - 1).LastIndexOf((byte)'\n');
                if (before < 0 && blockStart > 0)
                {
                    break;
                }

                yield return (LogLineJson.Parse(block.AsSpan(before + 1, lineEnd - before - 2)), blockStart + before + 1);
                lineEnd = before + 1;
            }

            rest = block[..lineEnd];
        }
    }

    private static SafeFileHandle? Open(ContainerLog log, long generation)
    {
        try
        {
            return File.OpenHandle(log.PathOf(generation), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
