using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

/// <summary>What all nodes do with their tasks: each step brings a task one state further towards what is wanted of it.</summary>
internal sealed class FakeAgents
{
    private static readonly TaskState[] Way = [TaskState.Assigned, TaskState.Accepted, TaskState.Preparing, TaskState.Ready, TaskState.Starting, TaskState.Running];

    /// <summary>Of tasks that run and of those that start: how likely each step fails.</summary>
    public double FailureRate { get; set; }

    /// <summary>Tasks whose container ends as soon as it starts, with this exit state.</summary>
    public Func<SwarmTask, TaskState?> Fate { get; set; } = _ => null;

    /// <summary>A task that does not stop when told to.</summary>
    public TaskId? Stubborn { get; set; }

    /// <summary>How likely a step happens at all.</summary>
    public double Speed { get; set; } = 1;

    public IEnumerable<StoreChange> Step(StoreView view, DateTimeOffset now, Random random)
    {
        foreach (SwarmTask task in view.Tasks)
        {
            if (task.Node is { } node && view.Nodes.Find(node) is { Status.State: NodeState.Ready } && random.NextDouble() < Speed
                && Next(task, random) is { } state && state != task.Status.State)
            {

                DateTimeOffset? since = task.RunningSince ?? (state == TaskState.Running ? now : null);
                yield return new StoreChange.Update(task with { RunningSince = since, Status = new SwarmTaskStatus(state, now) });
            }
        }
    }

    private TaskState? Next(SwarmTask task, Random random)
    {
        int at = Array.IndexOf(Way, task.Status.State);
        if (at < 0)
        {
            return null;
        }

        if (task.DesiredState > TaskState.Complete)
        {
            return task.Id == Stubborn ? null : TaskState.Shutdown;
        }

        if (task.Status.State >= TaskState.Starting && (Fate(task) is not null || random.NextDouble() < FailureRate))
        {
            return Fate(task) ?? TaskState.Failed;
        }

        return task.Status.State < task.DesiredState && at + 1 < Way.Length ? Way[at + 1] : null;
    }
}
