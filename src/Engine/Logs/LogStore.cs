using System.Collections.Concurrent;

namespace Skep.Engine.Logs;

/// <summary>The logs of all containers of this node, by container id.</summary>
internal sealed class LogStore : IDisposable
{
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly LogTailer _tailer;
    private readonly ConcurrentDictionary<string, ContainerLog> _logs = new(StringComparer.Ordinal);

    public LogStore(string directory, TimeProvider time)
    {
        _directory = directory;
        _time = time;
        _tailer = new LogTailer(time);
        Directory.CreateDirectory(directory);
        foreach (string path in Directory.GetDirectories(directory))
        {
            ContainerLog log = ContainerLog.Open(path, settings: null, time);
            _logs[Path.GetFileName(path)] = log;
            if (!log.Position.IsFinished)
            {
                _tailer.Add(log);
            }
        }
    }

    public ContainerLog? Find(string container) => _logs.GetValueOrDefault(container);

    /// <summary>The log of a container about to run; null when its driver keeps nothing.</summary>
    public ContainerLog? Open(string container, LogSettings settings)
    {
        if (!settings.IsKept)
        {
            return null;
        }

        ContainerLog log = _logs.GetOrAdd(container, id => ContainerLog.Open(Path.Combine(_directory, id), settings, _time));
        _tailer.Add(log);
        return log;
    }

    /// <summary>A container whose log was finished is about to run again.</summary>
    public void Resume(string container)
    {
        if (!_logs.TryGetValue(container, out ContainerLog? log))
        {
            return;
        }

        log.Resume();
        _tailer.Add(log);
    }

    /// <summary>The container has ended and its shim has written everything.</summary>
    public async Task FinishAsync(string container)
    {
        if (!_logs.TryGetValue(container, out ContainerLog? log))
        {
            return;
        }

        await _tailer.RemoveAsync(log);
        log.Finish();
    }

    public async Task RemoveAsync(string container)
    {
        if (_logs.TryRemove(container, out ContainerLog? log))
        {
            await _tailer.RemoveAsync(log);
            log.Dispose();
        }

        string directory = Path.Combine(_directory, container);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public void Dispose()
    {
        _tailer.Dispose();
        foreach (ContainerLog log in _logs.Values)
        {
            log.Dispose();
        }
    }
}
