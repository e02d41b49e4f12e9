using System.Globalization;
using Skep.Cli.Engine;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>Where a service stands on its way to what was asked.</summary>
/// <param name="Done">How many tasks are as they should be.</param>
/// <param name="Slots">What each task does, in the order of slots; told only on terminals.</param>
internal sealed record Progress(ulong Done, ulong Wanted, string Unit, IReadOnlyList<KeyValuePair<string, string>> Slots)
{
    public bool IsConverged => Done == Wanted;

    public string Overall => string.Create(CultureInfo.InvariantCulture, $"overall progress: {Done} out of {Wanted} {Unit}");
}

/// <summary>Reads the progress of a service out of its tasks.</summary>
/// <remarks>Source: docker/cli:cli/command/service/progress/progress.go, version 28.</remarks>
internal static class Convergence
{
    private static readonly string[] States =
        ["new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running", "complete", "shutdown", "failed", "rejected", "remove", "orphaned"];

    /// <param name="tasks">Those made from the service's present spec.</param>
    /// <param name="down">Nodes whose tasks do not count.</param>
    public static Progress Read(WireService service, IReadOnlyList<WireTask> tasks, IReadOnlySet<string> down)
    {
        IEnumerable<WireTask> alive = tasks.Where(task => task.NodeId is not { Length: > 0 } node || !down.Contains(node));
        switch (service.Spec?.Mode)
        {
            case { ReplicatedJob: { } job }:
                {
                    ulong total = job.TotalCompletions ?? 1;
                    List<WireTask> current = OfIteration(service, tasks);
                    return new Progress((ulong)current.Count(static task => task.Status?.State == "complete"), total, "tasks", Bars(BestBySlot(current), (int)Math.Min(total, int.MaxValue)));
                }

            case { GlobalJob: not null }:
                {
                    List<WireTask> current = [.. OfIteration(service, alive).Where(static task => task.NodeId is { Length: > 0 })];
                    return new Progress((ulong)current.Count(static task => task.Status?.State == "complete"), (ulong)current.Count, "tasks", []);
                }

            case { Global: not null }:
                {
                    List<WireTask> byNode = [.. alive.Where(static task => task.NodeId is { Length: > 0 }).GroupBy(static task => task.NodeId, StringComparer.Ordinal).Select(static group => group.Aggregate(Better))];
                    return new Progress(
                        (ulong)byNode.Count(IsRunning),
                        (ulong)byNode.Count,
                        "tasks",
                        [.. byNode.OrderBy(static task => task.NodeId, StringComparer.Ordinal).Select(static task => KeyValuePair.Create(Output.HumanFormat.Short(task.NodeId), Describe(task)))]);
                }

            default:
                {
                    ulong replicas = service.Spec?.Mode?.Replicated?.Replicas ?? 1;
                    SortedDictionary<int, WireTask> slots = BestBySlot(alive);
                    return new Progress((ulong)slots.Values.Count(IsRunning), replicas, "tasks", Bars(slots, (int)Math.Min(replicas, int.MaxValue)));
                }
        }
    }

    public static bool IsJob(WireService service) => service.Spec?.Mode is { ReplicatedJob: not null } or { GlobalJob: not null };

    private static bool IsRunning(WireTask task) => task.Status?.State == "running" && task.DesiredState is null or "running";

    private static List<WireTask> OfIteration(WireService service, IEnumerable<WireTask> tasks) =>
        [.. tasks.Where(task => service.JobStatus?.JobIteration is not { } iteration || task.JobIteration?.Index == iteration.Index)];

    private static SortedDictionary<int, WireTask> BestBySlot(IEnumerable<WireTask> tasks)
    {
        SortedDictionary<int, WireTask> slots = [];
        foreach (WireTask task in tasks)
        {
            slots[task.Slot] = slots.TryGetValue(task.Slot, out WireTask? other) ? Better(other, task) : task;
        }

        return slots;
    }

    /// <summary>The one whose desired state comes first, then the one that is less far: a slot's present task, not its past ones.</summary>
    private static WireTask Better(WireTask one, WireTask other)
    {
        int desired = Rank(one.DesiredState).CompareTo(Rank(other.DesiredState));
        return desired < 0 || (desired == 0 && Rank(one.Status?.State) <= Rank(other.Status?.State)) ? one : other;
    }

    private static int Rank(string? state) => Array.IndexOf(States, state);

    private static List<KeyValuePair<string, string>> Bars(SortedDictionary<int, WireTask> slots, int total) =>
        [.. slots.Values.Where(static task => Rank(task.DesiredState) <= Rank("complete")).Take(total).Select((task, i) =>
            KeyValuePair.Create(string.Create(CultureInfo.InvariantCulture, $"{i + 1}/{total}"), Describe(task)))];

    private static string Describe(WireTask task) => task.Status is { Err.Length: > 0 } status && task.Status.State != "running"
        ? status.Err.ReplaceLineEndings(" ")
        : task.Status?.State ?? "";
}
