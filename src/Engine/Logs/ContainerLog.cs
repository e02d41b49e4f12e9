using System.Buffers;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Skep.Engine.Native;

namespace Skep.Engine.Logs;

/// <summary>The points where a crash is tried in tests.</summary>
internal enum LogStep
{
    LinesWritten,
    PositionWritten,
    Rotated,
}

/// <summary>
/// One container's output: two spool files the shim appends to, and the lines users read, made from them. A directory; see <see cref="LogPosition"/> for why
/// nothing is lost or doubled.
/// </summary>
internal sealed class ContainerLog : IDisposable
{
    /// <summary>A line longer than this is cut, as Docker cuts it.</summary>
    private const int LongestLine = 16 * 1024;
    private const int ReadBytes = 256 * 1024;

    /// <summary>Disk space of the spool is given back in steps of this.</summary>
    private const long HoleBytes = 1024 * 1024;

    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly Action<LogStep>? _onStep;
    private readonly Lock _gate = new();
    private readonly LogPositionFile _positionFile;
    private readonly SafeFileHandle _stdout;
    private readonly SafeFileHandle _stderr;
    private readonly ArrayBufferWriter<byte> _lines = new(64 * 1024);
    private readonly Utf8JsonWriter _json;
    private LogPosition _position;
    private SafeFileHandle _file;
    private readonly List<OutputReader> _readers = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (long Stdout, long Stderr) _given;
    private bool _disposed;

    private ContainerLog(string directory, LogSettings? settings, TimeProvider time, Action<LogStep>? onStep)
    {
        _directory = directory;
        _time = time;
        _onStep = onStep;
        Directory.CreateDirectory(SpoolDirectory);
        _stdout = File.OpenHandle(StdoutPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        _stderr = File.OpenHandle(StderrPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        _positionFile = new LogPositionFile(Path.Combine(directory, "position"));
        _position = _positionFile.Present ?? new LogPosition { MaxFileBytes = settings?.MaxFileBytes ?? 0, MaxFiles = settings?.MaxFiles ?? 1 };
        if (_positionFile.Present is null && settings is not null)
        {
            _positionFile.Write(_position); // Its settings too: a later agent may open the log before the container has said a word.
        }

        _json = LogLineJson.NewWriter(_lines);
        _given = (_position.Stdout / HoleBytes * HoleBytes, _position.Stderr / HoleBytes * HoleBytes);
        _file = Recover();
    }

    public string SpoolDirectory => Path.Combine(_directory, "spool");

    public string StdoutPath => Path.Combine(SpoolDirectory, "stdout");

    public string StderrPath => Path.Combine(SpoolDirectory, "stderr");

    /// <summary>The file lines are added to at present.</summary>
    public string CurrentPath
    {
        get
        {
            lock (_gate)
            {
                return PathOf(_position.Generation);
            }
        }
    }

    /// <summary>What readers may read: files from oldest to newest, and how much of the newest counts.</summary>
    public LogPosition Position
    {
        get
        {
            lock (_gate)
            {
                return _position;
            }
        }
    }

    /// <summary>Done at the next change after this property was read.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>Done when the container may have written something since this property was read, a whole line or not; also at its end.</summary>
    public Task Written
    {
        get
        {
            lock (_gate)
            {
                return _written.Task;
            }
        }
    }

    /// <summary>Opens or makes the log. Lines a crash left half-accounted are cut off, to be made again.</summary>
    public static ContainerLog Open(string directory, LogSettings? settings, TimeProvider time, Action<LogStep>? onStep = null) => new(directory, settings, time, onStep);

    public string PathOf(long generation) => Path.Combine(_directory, $"json.{generation}.log");

    /// <summary>A container that ended runs again: its new output follows its old lines. To be called before its process is made.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }
            // All lines of the last run were taken from the spools when it finished. A terminal is written from a spool's beginning on, not appended.
            RandomAccess.SetLength(_stdout, 0);
            RandomAccess.SetLength(_stderr, 0);
            _given = default;
            Commit(_position with { Stdout = 0, Stderr = 0, IsFinished = false });
        }
    }

    /// <summary>Follows the output as bytes, from here on or from the beginning of the present run. Dispose it, since it holds the spool's disk space.</summary>
    public OutputReader Read(bool fromBeginning)
    {
        lock (_gate)
        {
            var reader = new OutputReader(this, fromBeginning ? 0 : RandomAccess.GetLength(_stdout), fromBeginning ? 0 : RandomAccess.GetLength(_stderr), Forget);
            _readers.Add(reader);
            return reader;
        }
    }

    /// <summary>Tells those who follow the bytes to look.</summary>
    public void SignalWritten()
    {
        TaskCompletionSource written;
        lock (_gate)
        {
            written = _written;
            _written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        written.TrySetResult();
    }

    /// <summary>Turns what the container wrote since into lines. Never called after <see cref="Finish"/>.</summary>
    public void Pump()
    {
        lock (_gate)
        {
            if (_disposed || _position.IsFinished)
            {
                return;
            }

            while (Take(isEnd: false))
            {
                // Until both spools are read to their present end.
            }
        }

        SignalWritten();
    }

    /// <summary>The container has ended: its last words count even without a newline.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            if (_disposed || _position.IsFinished)
            {
                return;
            }

            while (Take(isEnd: true))
            {
                // Until both spools are read to their end.
            }

            Commit(_position with { IsFinished = true });
        }

        SignalWritten();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _stdout.Dispose();
            _stderr.Dispose();
            _file.Dispose();
            _positionFile.Dispose();
            _json.Dispose();
            _changed.TrySetResult();
            _written.TrySetResult();
        }
    }

    private void Forget(OutputReader reader)
    {
        lock (_gate)
        {
            _readers.Remove(reader);
        }
    }

    private SafeFileHandle Recover()
    {
        SafeFileHandle file = File.OpenHandle(PathOf(_position.Generation), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        long length = RandomAccess.GetLength(file);
        if (length > _position.Length)
        {
            RandomAccess.SetLength(file, _position.Length);
        }
        else
        {
            _position = _position with { Length = length };
        }

        foreach (string path in Directory.GetFiles(_directory, "json.*.log"))
        {
            if (long.TryParse(Path.GetFileName(path).Split('.')[1], out long generation) && (generation > _position.Generation || generation < _position.Oldest))
            {
                File.Delete(path);
            }
        }

        return file;
    }

    /// <returns>True when there may be more.</returns>
    private bool Take(bool isEnd)
    {
        _lines.ResetWrittenCount();
        DateTimeOffset now = _time.GetUtcNow();
        long stdout = TakeFrom(_stdout, _position.Stdout, LogStream.Stdout, now, isEnd, out bool moreOut);
        long stderr = TakeFrom(_stderr, _position.Stderr, LogStream.Stderr, now, isEnd, out bool moreErr);
        if (stdout == _position.Stdout && stderr == _position.Stderr)
        {
            return false;
        }

        LogPosition next = _position;
        if (next.MaxFileBytes > 0 && next.Length > 0 && next.Length + _lines.WrittenCount > next.MaxFileBytes)
        {
            next = Rotate(next);
        }

        RandomAccess.Write(_file, _lines.WrittenSpan, next.Length);
        _onStep?.Invoke(LogStep.LinesWritten);
        LogPosition before = _position;
        Commit(next with { Stdout = stdout, Stderr = stderr, Length = next.Length + _lines.WrittenCount });
        _onStep?.Invoke(LogStep.PositionWritten);
        // Only now: what was not accounted for must stay in the spool.
        _given = (GiveBack(_stdout, _given.Stdout, Needed(stdout, r => r.Stdout)), GiveBack(_stderr, _given.Stderr, Needed(stderr, r => r.Stderr)));
        for (long old = before.Oldest; old < _position.Oldest; old++)
        {
            File.Delete(PathOf(old));
        }

        return moreOut || moreErr;
    }

    private LogPosition Rotate(LogPosition position)
    {
        long generation = position.Generation + 1;
        SafeFileHandle next = File.OpenHandle(PathOf(generation), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _file.Dispose();
        _file = next;
        _onStep?.Invoke(LogStep.Rotated);
        return position with { Generation = generation, Length = 0, Oldest = Math.Max(position.Oldest, generation - position.MaxFiles + 1) };
    }

    private void Commit(LogPosition position)
    {
        _positionFile.Write(position);
        _position = position;
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    /// <returns>The new offset: after the last whole line.</returns>
    private long TakeFrom(SafeFileHandle spool, long offset, LogStream stream, DateTimeOffset now, bool isEnd, out bool more)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            int read = RandomAccess.Read(spool, buffer.AsSpan(0, ReadBytes), offset);
            more = read == ReadBytes;
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, read);
            while (!rest.IsEmpty)
            {
                int newline = rest[..Math.Min(rest.Length, LongestLine)].IndexOf((byte)'\n');
                int length = newline >= 0 ? newline + 1 : rest.Length >= LongestLine ? LongestLine : isEnd && !more ? rest.Length : 0;
                if (length == 0)
                {
                    break;
                }

                LogLineJson.Write(_lines, _json, rest[..length], stream, now);
                rest = rest[length..];
                offset += length;
            }

            return offset;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Up to where a spool's bytes are of no use to anyone. A reader that is too slow is left behind: disks are finite.</summary>
    private long Needed(long taken, Func<OutputReader, long> place)
        => Math.Max(taken - OutputReader.LongestLag, _readers.Select(place).Append(taken).Min());

    private static long GiveBack(SafeFileHandle spool, long given, long now)
    {
        long to = now / HoleBytes * HoleBytes;
        if (to > given)
        {
            LibC.PunchHole(spool, given, to - given);
        }

        return Math.Max(given, to);
    }
}
