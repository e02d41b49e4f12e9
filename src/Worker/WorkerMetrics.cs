using System.Diagnostics.Metrics;

namespace Skep.Worker;

/// <summary>Numbers for operators, in base units.</summary>
internal static class WorkerMetrics
{
    private static readonly Meter Meter = new("Skep.Worker");

    private static readonly Counter<long> Transitions = Meter.CreateCounter<long>("skep.worker.task.transitions", "{transition}", "States this node's tasks came to.");

    public static void TaskTransitioned(TaskState state)
    {
        if (Transitions.Enabled)
        {
            Transitions.Add(1, new KeyValuePair<string, object?>("state", state.ToString().ToLowerInvariant()));
        }
    }
}
