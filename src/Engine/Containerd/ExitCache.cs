using System.Collections.Concurrent;

namespace Skep.Engine.Containerd;

/// <summary>Who waits for the end of which process. Filled by the one event stream, so that no call stays open per container.</summary>
internal sealed class ExitCache
{
    private readonly ConcurrentDictionary<ProcessKey, TaskCompletionSource<ProcessExit>> _awaited = new();

    public IReadOnlyCollection<ProcessKey> Awaited => [.. _awaited.Where(p => !p.Value.Task.IsCompleted).Select(p => p.Key)];

    /// <summary>The end of a process. Ask before it is started, or check its state after asking: what ended earlier is not known here.</summary>
    public Task<ProcessExit> WhenEnded(ProcessKey key)
        => _awaited.GetOrAdd(key, static _ => new TaskCompletionSource<ProcessExit>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Record(ProcessKey key, ProcessExit exit)
    {
        if (_awaited.TryGetValue(key, out TaskCompletionSource<ProcessExit>? waiter))
        {
            waiter.TrySetResult(exit);
        }
    }

    public void Forget(ProcessKey key) => _awaited.TryRemove(key, out _);
}
