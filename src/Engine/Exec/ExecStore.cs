using System.Collections.Concurrent;

namespace Skep.Engine.Exec;

/// <summary>The execs of this node by id. Ended ones stay for a while, so that their exit codes can be asked.</summary>
internal sealed class ExecStore(string directory, TimeProvider time)
{
    /// <remarks>Source: moby/moby:daemon/exec.go execCommandGC.</remarks>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    /// <summary>Created and never started.</summary>
    private static readonly TimeSpan Unused = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, ExecSession> _sessions = new(StringComparer.Ordinal);

    public string Directory => directory;

    public void Add(string id, ExecSession session)
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach ((string old, ExecSession one) in _sessions)
        {
            if (one.EndedAt is { } ended ? now - ended > Kept : !one.View().IsRunning && now - one.CreatedAt > Unused)
            {
                _sessions.TryRemove(old, out _);
            }
        }

        _sessions[id] = session;
    }

    public ExecSession? Find(string id) => _sessions.GetValueOrDefault(id);

    /// <summary>Ids of a container's execs that run, as inspect lists them.</summary>
    public IEnumerable<string> RunningIn(string containerId) => _sessions.Where(s => s.Value.ContainerId == containerId && s.Value.View().IsRunning).Select(s => s.Key);
}
