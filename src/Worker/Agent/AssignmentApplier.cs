using Microsoft.Extensions.Logging;
using Skep.Engine.Networks;
using Skep.Worker.Tasks;

namespace Skep.Worker.Agent;

/// <summary>Turns each step of the assignment set into work: peers, network, tasks, and the files for the next start.</summary>
internal sealed class AssignmentApplier(
    AssignmentSet book, TaskSupervisor fleet, NetworkLoop? networks, AssignmentFiles files, TimeProvider time, ILogger logger, Action<AssignmentView> tellPeers, Action told) : IDisposable
{
    /// <summary>The files are written at most this often; what they miss a manager tells again.</summary>
    private static readonly TimeSpan WritePace = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _dirty = new(0, 1);
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _heardManager = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStale;
    private bool _orphansGone;

    /// <summary>Completes with the first complete set that a manager told.</summary>
    public Task ManagerContacted => _heardManager.Task;

    public async Task ApplyAsync(bool isComplete, CancellationToken ct)
    {
        AssignmentView view = book.View;
        tellPeers(view);
        networks?.Changed();
        told();
        foreach (SwarmTask task in view.Tasks.Values)
        {
            fleet.Put(task);
        }

        fleet.RemoveUnassigned(view.Tasks.ContainsKey);
        lock (_gate)
        {
            _isStale = true;
            if (_dirty.CurrentCount == 0)
            {
                _dirty.Release();
            }
        }

        if (!isComplete)
        {
            return;
        }

        _heardManager.TrySetResult();
        if (_orphansGone)
        {
            return;
        }

        await fleet.RemoveOrphansAsync(ct);
        _orphansGone = true;
    }

    /// <summary>A node without managers starts what it last ran.</summary>
    public async Task StartWithoutManagerAsync(TimeSpan patience, CancellationToken ct)
    {
        AssignmentView last = book.View;
        try
        {
            await _heardManager.Task.WaitAsync(patience, time, ct);
        }
        catch (TimeoutException)
        {
            foreach (SwarmTask task in last.Tasks.Values)
            {
                fleet.Put(task);
            }
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, time, ct);
    }

    public async Task WriteAsync(CancellationToken ct)
    {
        while (true)
        {
            await _dirty.WaitAsync(ct);
            WriteNow();
            await Task.Delay(WritePace, time, ct);
        }
    }

    public void WriteNow()
    {
        lock (_gate)
        {
            if (!_isStale)
            {
                return;
            }

            _isStale = false;
        }

        try
        {
            files.Write(book.ToDisk(), book.ToMemory());
        }
        catch (IOException e)
        {
            // A full disk must not stop the tasks.
            WorkerLog.AssignmentsNotWritten(logger, e.Message);
        }
    }

    public void Dispose() => _dirty.Dispose();
}
