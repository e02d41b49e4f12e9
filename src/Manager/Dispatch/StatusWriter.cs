using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Skep.Manager.Dispatch;

/// <summary>Stores what agents report of their tasks, many reports in one batch. One writer per manager.</summary>
public sealed class StatusWriter(ClusterStore store, TimeProvider time, ILogger<StatusWriter> logger)
{
    private const int MostPerBatch = 500;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    // A full queue makes the sessions wait, and with them the agents, who keep their reports: nothing is dropped.
    private readonly Channel<Pending> _queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private sealed record Pending(NodeId Node, IReadOnlyList<TaskReport> Reports, TaskCompletionSource Stored);

    /// <summary>Completes when the reports are in the store, or need not be (foreign or removed tasks, states already passed).</summary>
    public async Task StoreAsync(NodeId node, IReadOnlyList<TaskReport> reports, CancellationToken ct)
    {
        var pending = new Pending(node, reports, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _queue.Writer.WriteAsync(pending, ct).ConfigureAwait(false);
        await pending.Stored.Task.WaitAsync(ct).ConfigureAwait(false);
    }

    public async Task RunAsync(CancellationToken ct)
    {
        var batch = new List<Pending>();
        while (await _queue.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
        {
            batch.Clear();
            for (int count = 0; count < MostPerBatch && _queue.Reader.TryRead(out Pending? pending); count += pending.Reports.Count)
            {
                batch.Add(pending);
            }

            await CommitAsync(batch, ct).ConfigureAwait(false);
            foreach (Pending pending in batch)
            {
                pending.Stored.SetResult();
            }
        }
    }

    /// <remarks>Ends for nothing but its cancellation: a report that cannot be stored is logged and dropped, since agents would only repeat it to the next manager.</remarks>
    private async Task CommitAsync(List<Pending> batch, CancellationToken ct)
    {
        var refused = new HashSet<TaskId>();
        while (true)
        {
            // A conflict means that a loop of the leader changed one of the tasks meanwhile: merge again with what it wrote. What was stored merges to nothing.
            long began = time.GetTimestamp();
            StoreChange[] changes = [.. Merge(store.View(), batch).Where(t => !refused.Contains(t.Id)).Select(static t => new StoreChange.Update(t))];
            try
            {
                IReadOnlyList<CommitOutcome> outcomes = await store.CommitEachAsync([.. changes.Select(static c => new[] { c })], ct).ConfigureAwait(false);
                bool all = true;
                for (int i = 0; i < changes.Length; i++)
                {
                    if (outcomes[i] is CommitOutcome.Refused or CommitOutcome.UniqueKeyTaken)
                    {
                        logger.ChangeRefused(nameof(StatusWriter), $"{changes[i].Target}", outcomes[i].Describe());
                        refused.Add(new TaskId(changes[i].Target.Key));
                    }
                    else
                    {
                        all &= outcomes[i].IsCommitted;
                    }
                }

                if (all)
                {
                    Measure(changes, time.GetElapsedTime(began));
                    return;
                }
            }
            catch (ClusterException e)
            {
                logger.ReportsNotStored(changes.Length, e.Message);
                await Task.Delay(RetryDelay, time, ct).ConfigureAwait(false);
            }
        }
    }

    private static void Measure(StoreChange[] changes, TimeSpan took)
    {
        if (changes.Length == 0 || !ManagerMetrics.TaskStart.Enabled)
        {
            return;
        }

        ManagerMetrics.StatusBatch.Record(took.TotalSeconds);
        foreach (StoreChange change in changes)
        {
            // A second report of the same run has a later time than its beginning.
            if (change is StoreChange.Update { Object: SwarmTask { IsRunning: true } task } && task.RunningSince == task.Status.Timestamp)
            {
                ManagerMetrics.TaskStart.Record(Math.Max(0, (task.Status.Timestamp - task.CreatedAt).TotalSeconds));
            }
        }
    }

    private IEnumerable<SwarmTask> Merge(StoreView view, List<Pending> batch)
    {
        var changed = new Dictionary<TaskId, SwarmTask>();
        foreach (Pending pending in batch)
        {
            foreach (TaskReport report in pending.Reports)
            {
                SwarmTask? task = changed.GetValueOrDefault(report.Task) ?? view.Tasks.Find(report.Task);
                if (task is null)
                {
                    continue;
                }

                if (task.Node != pending.Node)
                {
                    logger.ForeignTaskReported(pending.Node, report.Task);
                    continue;
                }

                // States never go backwards; within one state the later word counts.
                if (report.Status.State >= task.Status.State && report.Status != task.Status)
                {
                    DateTimeOffset? ranSince = report.Status.State == TaskState.Running ? report.Status.Timestamp : null;
                    // Why the cluster stops a task is the cluster's word; that it ends as it was told is no reason.
                    string error = report.Status.Error.Length == 0 && !task.IsWanted ? task.Status.Error : report.Status.Error;
                    changed[task.Id] = task with { Status = report.Status with { Error = error }, RunningSince = task.RunningSince ?? ranSince };
                }
            }
        }

        return changed.Values.OrderBy(t => t.Id);
    }
}
