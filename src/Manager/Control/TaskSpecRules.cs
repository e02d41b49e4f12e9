using Skep.Scheduler;

namespace Skep.Manager.Control;

/// <summary>What a task template may ask for around its container.</summary>
internal static class TaskSpecRules
{
    private const long MinCpuNanos = 1_000_000;
    private const long MinMemoryBytes = 4 << 20;

    public static void Check(TaskSpec task)
    {
        CheckResources("limits", task.Limits);
        CheckResources("reservations", task.Reservations);
        if (task.Limits is { Generic.Count: > 0 })
        {
            throw ClusterException.Invalid("generic resources can only be reserved, not limited");
        }

        if (task.Reservations is { Pids: not 0 })
        {
            throw ClusterException.Invalid("pids can only be limited, not reserved");
        }

        CheckRestart(task.Restart);
        CheckPlacement(task.Placement);
        foreach (NetworkAttachmentSpec network in task.Networks)
        {
            if (network.Target.Length == 0)
            {
                throw ClusterException.Invalid("TaskSpec: a network without a target");
            }

            if (network.DriverOptions.Count > 0)
            {
                throw new ClusterException(ErrorKind.NotImplemented, $"network {network.Target}: driver options of an attachment are not supported");
            }
        }

        ContainerSpecRules.Check(task.Container);
    }

    private static void CheckResources(string what, Resources? resources)
    {
        if (resources is null)
        {
            return;
        }

        if (resources.NanoCpus != 0 && resources.NanoCpus < MinCpuNanos)
        {
            throw ClusterException.Invalid($"invalid cpu value {resources.NanoCpus / 1e9:0.######} in {what}: Must be at least 0.001");
        }

        if (resources.MemoryBytes != 0 && resources.MemoryBytes < MinMemoryBytes)
        {
            throw ClusterException.Invalid($"invalid memory value {resources.MemoryBytes} in {what}: Must be at least 4MiB");
        }

        if (resources.Pids < 0)
        {
            throw ClusterException.Invalid($"invalid pids value {resources.Pids} in {what}: cannot be negative");
        }

        foreach (GenericResource generic in resources.Generic)
        {
            if (generic.NamedValue is not null)
            {
                throw ClusterException.Invalid($"generic resource {generic.Kind}={generic.NamedValue}: a service reserves a count, such as {generic.Kind}=1");
            }

            if (generic.Kind.Length == 0 || generic.Count < 1)
            {
                throw ClusterException.Invalid("generic resources need a kind and a count of at least 1");
            }
        }
    }

    private static void CheckRestart(RestartPolicySpec? policy)
    {
        if (policy?.Delay < TimeSpan.Zero)
        {
            throw ClusterException.Invalid("TaskSpec: restart-delay cannot be negative");
        }

        if (policy?.Window < TimeSpan.Zero)
        {
            throw ClusterException.Invalid("TaskSpec: restart-window cannot be negative");
        }
    }

    private static void CheckPlacement(Placement placement)
    {
        foreach (string constraint in placement.Constraints)
        {
            Constraint.Parse(constraint);
        }

        foreach (string label in placement.SpreadOver)
        {
            SpreadLabel.Parse(label);
        }
    }
}
