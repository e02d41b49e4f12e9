namespace Skep.Worker.Agent;

/// <summary>Statuses on their way to a manager: the latest of each task, until one manager has stored it.</summary>
internal sealed class ReportOutbox
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<TaskId, (TaskReport Report, ulong SentAs)> _pending = [];
    private TaskCompletionSource _added = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _number;

    /// <summary>Done when there is something to send.</summary>
    public Task WhenAny
    {
        get
        {
            lock (_gate)
            {
                return _pending.Values.Any(p => p.SentAs == 0) ? Task.CompletedTask : _added.Task;
            }
        }
    }

    public void Put(TaskReport report)
    {
        TaskCompletionSource added;
        lock (_gate)
        {
            _pending[report.Task] = (report, 0);
            added = _added;
            _added = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        added.TrySetResult();
    }

    /// <summary>What was not sent yet, and the number it is sent under.</summary>
    public (ulong Number, IReadOnlyList<TaskReport> Reports) TakeUnsent()
    {
        lock (_gate)
        {
            TaskReport[] reports = [.. _pending.Values.Where(p => p.SentAs == 0).Select(p => p.Report)];
            if (reports.Length == 0)
            {
                return (0, []);
            }

            _number++;
            foreach (TaskReport report in reports)
            {
                _pending[report.Task] = (report, _number);
            }

            return (_number, reports);
        }
    }

    /// <summary>Everything sent up to that number is stored.</summary>
    public void Accepted(ulong number)
    {
        lock (_gate)
        {
            foreach (TaskId task in _pending.Where(p => p.Value.SentAs != 0 && p.Value.SentAs <= number).Select(p => p.Key).ToArray())
            {
                _pending.Remove(task);
            }
        }
    }

    /// <summary>A new session: what no manager has confirmed is sent again.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            foreach (TaskId task in _pending.Keys.ToArray())
            {
                _pending[task] = (_pending[task].Report, 0);
            }
        }
    }
}
