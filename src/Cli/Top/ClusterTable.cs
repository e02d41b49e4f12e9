using System.Globalization;
using Skep.Cli.Output;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Top;

/// <summary>Nodes and services with what they use, as rows. Pure.</summary>
internal sealed record ClusterTable(List<WireNode> Nodes, List<WireService> Services, List<WireTask> Tasks, Dictionary<string, TaskUsage> Usage)
{
    public static readonly Columns NodeColumns = Columns.Of(
        "{{.Name}}\t{{.Status}}\t{{.Availability}}\t{{.Manager}}\t{{.Tasks}}\t{{.CPUs}}\t{{.Memory}}",
        ("Kind", "KIND"), ("ID", "ID"), ("Name", "NODE"), ("Status", "STATUS"), ("Availability", "AVAILABILITY"), ("Manager", "MANAGER"), ("Tasks", "TASKS"), ("CPUs", "CPUS"), ("Memory", "MEMORY"));

    public static readonly Columns ServiceColumns = Columns.Of(
        "{{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.CPUs}}\t{{.Memory}}\t{{.Waiting}}",
        ("Kind", "KIND"), ("ID", "ID"), ("Name", "SERVICE"), ("Mode", "MODE"), ("Replicas", "RUNNING"), ("CPUs", "CPUS"), ("Memory", "MEMORY"), ("Waiting", "WAITS FOR"));

    private const int LongestReason = 70;

    public IEnumerable<Row> NodeRows() => Nodes.OrderBy(Name, Comparer<string?>.Create(HumanFormat.CompareNatural)).Select(node =>
    {
        WireTask[] here = [.. Tasks.Where(task => task.NodeId == node.Id && task.Status?.State == "running")];
        return new Row
        {
            ["Kind"] = "node",
            ["ID"] = node.Id ?? "",
            ["Name"] = Name(node),
            ["Status"] = HumanFormat.Capital(node.Status?.State),
            ["Availability"] = HumanFormat.Capital(node.Spec?.Availability),
            ["Manager"] = node.ManagerStatus is not { } manager ? "" : manager.Leader ? "Leader" : HumanFormat.Capital(manager.Reachability),
            ["Tasks"] = here.Length.ToString(CultureInfo.InvariantCulture),
            ["CPUs"] = $"{Cpus(here)} / {Number((node.Description?.Resources?.NanoCpus ?? 0) / 1e9)}",
            ["Memory"] = $"{Memory(here)} / {HumanFormat.BinarySize(node.Description?.Resources?.MemoryBytes ?? 0)}",
        };
    });

    public IEnumerable<Row> ServiceRows() => Services.OrderBy(static service => service.Spec?.Name, Comparer<string?>.Create(HumanFormat.CompareNatural)).Select(service =>
    {
        WireTask[] own = [.. Tasks.Where(task => task.ServiceId == service.Id)];
        WireTask[] running = [.. own.Where(static task => task.Status?.State == "running")];
        return new Row
        {
            ["Kind"] = "service",
            ["ID"] = service.Id ?? "",
            ["Name"] = service.Spec?.Name ?? "",
            ["Mode"] = ServiceListing.Mode(service.Spec?.Mode),
            ["Replicas"] = string.Create(CultureInfo.InvariantCulture, $"{service.ServiceStatus?.RunningTasks ?? 0}/{service.ServiceStatus?.DesiredTasks ?? 0}"),
            ["CPUs"] = Cpus(running),
            ["Memory"] = Memory(running),
            ["Waiting"] = Reason(own, service.ServiceStatus?.DesiredTasks ?? 0),
        };
    });

    private static string? Name(WireNode node) => node.Spec?.Name is { Length: > 0 } given ? given : node.Description?.Hostname;

    /// <summary>Why those that ought to run do not: the commonest reason.</summary>
    private static string Reason(WireTask[] tasks, ulong wanted)
    {
        var reasons = tasks.Where(static task => task.DesiredState is "running" or "ready" && task.Status?.State is not ("running" or "complete"))
            .Select(static task => task.Status is { Err.Length: > 0 } status ? status.Err : task.Status?.State ?? "").GroupBy(static reason => reason, StringComparer.Ordinal).OrderByDescending(static group => group.Count()).ToList();
        // While a service fails in a loop, its present task is always just starting: the last end says more.
        WireTask? ended = tasks.Where(static task => task.Status is { State: "failed" or "rejected", Err.Length: > 0 }).MaxBy(static task => task.Status!.Timestamp);
        bool isLoop = ended is not null && wanted > (ulong)tasks.Count(static task => task.Status?.State == "running") && reasons.TrueForAll(static group => IsOnItsWay(group.Key));
        if (reasons.Count == 0 && !isLoop)
        {
            return "";
        }

        string text = isLoop ? ended!.Status!.Err! : string.Create(CultureInfo.InvariantCulture, $"{reasons.Sum(static group => group.Count())}: {reasons[0].Key}");
        return HumanFormat.Shortened(text, LongestReason);
    }

    private static bool IsOnItsWay(string reason) => reason is "new" or "pending" or "assigned" or "accepted" or "preparing" or "ready" or "starting";

    private string Cpus(WireTask[] tasks)
    {
        double?[] known = [.. tasks.Select(task => Usage.TryGetValue(task.Id ?? "", out TaskUsage usage) ? usage.Cpus : null)];
        return tasks.Length > 0 && Array.TrueForAll(known, static cpus => cpus is null) ? "-" : Number(known.Sum() ?? 0);
    }

    private string Memory(WireTask[] tasks) => HumanFormat.BinarySize(tasks.Sum(task => Usage.TryGetValue(task.Id ?? "", out TaskUsage usage) ? usage.MemoryBytes : 0));

    private static string Number(double cpus) => cpus.ToString("0.##", CultureInfo.InvariantCulture);
}
