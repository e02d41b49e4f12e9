using System.Globalization;
using Skep.Manager.Control;

namespace Skep.Manager.Orchestration;

/// <summary>Brings the slots of a service to its present spec, a few at a time, watching how the new tasks fare.</summary>
/// <remarks>
/// Where an update stands is read off the tasks, so that every leader reads it alike: the first task of the present version in a slot that had an older one is the
/// slot's step of the update. The step is under way until that task runs or has ended, and for the delay after it. Its end before it ran, or within the monitor
/// period after, is a failure; how its replacements fare does not count. Source: moby/swarmkit:manager/orchestrator/update/updater.go.
/// </remarks>
internal static class RollingUpdate
{
    /// <param name="slots">Those that are occupied, in the order they are to be updated in.</param>
    /// <returns>True: the service went back to its previous spec; look at all of it again.</returns>
    public static bool Run(ServiceDraft draft, IReadOnlyList<Slot> slots)
    {
        UpdateState? state = draft.Service.UpdateStatus?.State;
        if (state is UpdateState.Paused or UpdateState.RollbackPaused)
        {
            return false;
        }

        UpdateStep[] steps = [.. slots.Select(s => StepOf(draft, s)).OfType<UpdateStep>()];
        Slot[] dirty = [.. slots.Where(s => IsDirty(draft, s))];
        bool isUnderWay = state is UpdateState.Updating or UpdateState.RollbackStarted;
        if (dirty.Length == 0 && !isUnderWay)
        {
            return false;
        }

        if (!isUnderWay)
        {
            draft.Put(draft.Service with { UpdateStatus = new UpdateStatus(UpdateState.Updating, draft.Now) { Message = "update in progress" } });
        }

        UpdateConfig config = ConfigOf(draft.Service);
        int total = steps.Length + dirty.Count(d => !steps.Any(s => s.Slot == d));
        if (config.FailureAction != UpdateFailureAction.Continue && FailedTooOften(steps, total, config, draft) is { } culprit)
        {
            return GoBackOrStop(draft, config, culprit);
        }

        if (dirty.Length > 0)
        {
            Advance(draft, config, steps, dirty);
        }
        else
        {
            Finish(draft, config, steps);
        }

        return false;
    }

    private static UpdateConfig ConfigOf(Service service)
        => (service.UpdateStatus?.State == UpdateState.RollbackStarted ? service.Spec.Rollback : service.Spec.Update) ?? UpdateConfig.Default;

    /// <summary>The first task of the present version, where an older one was before it. One made by a restart policy with a delay is no step: restarting is not updating.</summary>
    private static UpdateStep? StepOf(ServiceDraft draft, Slot slot)
    {
        SwarmTask? first = slot.Tasks.FirstOrDefault(t => t.SpecVersion == draft.Service.SpecVersion);
        return first is { NotBefore: null } && slot.Tasks.Any(t => t.SpecVersion != first.SpecVersion && IsOld(draft, t)) ? new UpdateStep(slot, first) : null;
    }

    /// <remarks>A slot whose new task ended and is not to be restarted is done with, even if start-first kept the old one running.</remarks>
    private static bool IsDirty(ServiceDraft draft, Slot slot)
    {
        if (slot.Newest is not { } newest)
        {
            return false;
        }

        if (!slot.IsWanted)
        {
            return IsOld(draft, newest);
        }

        bool isDoneWith = newest.SpecVersion == draft.Service.SpecVersion && !newest.IsWanted;
        bool isCrowded = slot.Wanted.Skip(1).Any();
        return !isDoneWith && (isCrowded || slot.Wanted.Any(t => IsOld(draft, t)));
    }

    private static bool IsOld(ServiceDraft draft, SwarmTask task) => TaskTemplate.IsOutdated(draft.Service, task, draft.NodeOf(task));

    private static void Advance(ServiceDraft draft, UpdateConfig config, UpdateStep[] steps, Slot[] dirty)
    {
        // Slots that have their new task already: only the old one is to go, once the order allows it.
        List<Slot> untouched = [];
        foreach (Slot slot in dirty)
        {
            if (slot.Wanted.Any(t => !IsOld(draft, t)))
            {
                RetireOld(draft, config, slot);
            }
            else
            {
                untouched.Add(slot);
            }
        }

        int busy = 0;
        foreach (UpdateStep step in steps)
        {
            if (step.FreeAt(config.Delay) is not { } free)
            {
                busy++;
            }
            else if (free > draft.Now)
            {
                busy++;
                draft.WakeAt(free);
            }
        }

        int parallel = config.Parallelism == 0 ? int.MaxValue : (int)Math.Min(config.Parallelism, int.MaxValue);
        foreach (Slot slot in untouched.Take(Math.Max(0, parallel - busy)).TakeWhile(_ => !draft.IsFull))
        {
            Begin(draft, config, slot);
        }
    }

    private static void Begin(ServiceDraft draft, UpdateConfig config, Slot slot)
    {
        SwarmTask[] old = [.. slot.Wanted];
        if (config.Order == UpdateOrder.StartFirst)
        {
            // It may start beside the old one; what an earlier change left to stop is no hindrance either.
            draft.Create(slot.Key, null, null);
            return;
        }

        foreach (SwarmTask task in old)
        {
            draft.Want(task, TaskState.Shutdown);
        }

        SlotReconciler.Fill(draft, slot);
    }

    /// <summary>Of several wanted tasks in one slot the newest of the present version stays; with start-first the others go only when it runs.</summary>
    private static void RetireOld(ServiceDraft draft, UpdateConfig config, Slot slot)
    {
        SwarmTask present = slot.Wanted.Where(t => !IsOld(draft, t)).OrderByDescending(t => t.IsRunning).ThenByDescending(t => t.CreatedAt).First();
        if (config.Order == UpdateOrder.StartFirst && !present.IsRunning)
        {
            return;
        }

        foreach (SwarmTask task in slot.Wanted.Where(t => t.Id != present.Id).ToArray())
        {
            draft.Want(task, TaskState.Shutdown);
        }
    }

    private static SwarmTask? FailedTooOften(UpdateStep[] steps, int total, UpdateConfig config, ServiceDraft draft)
    {
        SwarmTask[] failed = [.. steps.Where(s => s.HasFailed(MonitorOf(config))).Select(s => s.Task).OrderBy(t => t.Status.Timestamp).ThenBy(t => t.Id)];
        bool isTooMany = failed.Length > 0 && (float)failed.Length / total > config.MaxFailureRatio;
        return isTooMany ? failed[^1] : null;
    }

    /// <summary>A failure must not hide in the delay between two steps.</summary>
    private static TimeSpan MonitorOf(UpdateConfig config)
        => config.Delay >= config.EffectiveMonitor ? config.Delay + TimeSpan.FromSeconds(1) : config.EffectiveMonitor;

    private static bool GoBackOrStop(ServiceDraft draft, UpdateConfig config, SwarmTask culprit)
    {
        Service service = draft.Service;
        bool isRollback = service.UpdateStatus!.State == UpdateState.RollbackStarted;
        string why = string.Create(CultureInfo.InvariantCulture, $"due to failure or early termination of task {culprit.Id}");
        string? obstacle = null;
        if (config.FailureAction == UpdateFailureAction.Rollback && !isRollback && service.PreviousSpec is { } previous && (obstacle = WhyNotBack(draft, previous)) is null)
        {
            draft.Put(service with
            {
                Spec = previous,
                SpecVersion = service.Version,
                PreviousSpec = null,
                PreviousSpecVersion = ObjectVersion.None,
                UpdateStatus = new UpdateStatus(UpdateState.RollbackStarted, draft.Now) { Message = $"update rolled back {why}" },
            });
            return true;
        }

        draft.Put(service with
        {
            UpdateStatus = service.UpdateStatus with
            {
                State = isRollback ? UpdateState.RollbackPaused : UpdateState.Paused,
                Message = $"{(isRollback ? "rollback" : "update")} paused {why}{(obstacle is null ? "" : $"; it cannot be rolled back: {obstacle}")}",
            },
        });
        return false;
    }

    /// <summary>What the old spec names may be gone by now, or its port taken: as for a rollback that a user asks for.</summary>
    private static string? WhyNotBack(ServiceDraft draft, ServiceSpec previous)
    {
        try
        {
            PublishedPorts.Check(ServiceReferences.Resolve(previous, draft.View), draft.Service.Id, draft.View);
            return null;
        }
        catch (ClusterException e)
        {
            return e.Message;
        }
    }

    private static void Finish(ServiceDraft draft, UpdateConfig config, UpdateStep[] steps)
    {
        DateTimeOffset? last = null;
        foreach (UpdateStep step in steps)
        {
            if (step.DecidedAt is not { } decided)
            {
                return;
            }

            last = decided > last || last is null ? decided : last;
        }

        if (last + MonitorOf(config) is { } end && end > draft.Now)
        {
            draft.WakeAt(end);
            return;
        }

        UpdateStatus status = draft.Service.UpdateStatus!;
        bool isRollback = status.State == UpdateState.RollbackStarted;
        draft.Put(draft.Service with
        {
            UpdateStatus = status with
            {
                State = isRollback ? UpdateState.RollbackCompleted : UpdateState.Completed,
                CompletedAt = draft.Now,
                Message = isRollback ? "rollback completed" : "update completed",
            },
        });
    }
}
