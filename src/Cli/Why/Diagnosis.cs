using System.Globalization;
using System.Text;
using Skep.Cli.Services;
using Skep.Wire;

namespace Skep.Cli.Why;

/// <summary>What was asked about a service, and everything that speaks about it.</summary>
/// <param name="LastWords">The last lines that failed tasks wrote, by the task's id.</param>
internal sealed record DiagnosisInput(WireService Service, IReadOnlyList<WireTask> Tasks, IReadOnlyList<WireNode> Nodes, IReadOnlyDictionary<string, IReadOnlyList<string>> LastWords, DateTimeOffset Now);

/// <summary>Says in words why a service is not what was asked.</summary>
internal static class Diagnosis
{
    private const int Loop = 3;

    public static bool IsFailed(WireTask task) => task.Status?.State is "failed" or "rejected" or "orphaned";

    /// <summary>Empty: nothing is wrong.</summary>
    public static List<Finding> Find(DiagnosisInput evidence)
    {
        List<Finding> found = [];
        List<WireTask> waiting = [.. evidence.Tasks.Where(static task => task.Status?.State is "new" or "allocated" or "pending" && task.DesiredState is "running" or "ready" or "complete")];
        foreach (IGrouping<string, WireTask> group in waiting.GroupBy(static task => task.Status?.Err ?? "", StringComparer.Ordinal).OrderByDescending(static group => group.Count()))
        {
            string lead = $"{Plural.Tasks(group.Count())} {Plural.Verb(group.Count(), "waits", "wait")} for a node. ";
            if (group.Key.Length == 0)
            {
                found.Add(new Finding($"{lead}Nothing has been decided yet.", [], ["Look again in a few seconds; if it stays, 'skep node ls' says whether the managers have a leader."]));
                continue;
            }

            if (!PlacementReason.IsMatch(group.Key))
            {
                found.Add(new Finding($"{lead}What holds them: {group.Key}.", [], []));
                continue;
            }

            bool first = true;
            foreach (Finding finding in PlacementReason.Explain(group.Key, group.First().Spec, evidence.Nodes))
            {
                found.Add(first ? finding with { What = lead + finding.What } : finding);
                first = false;
            }
        }

        if (evidence.Service.Trouble is { Length: > 0 } trouble)
        {
            found.Insert(0, new Finding($"The cluster cannot carry out what was asked: {trouble}.", [], ["It is tried again, at most 30 s apart. Change the service ('skep service update') or take away what is in its way."]));
        }

        AddFailures(evidence, found);
        AddSlow(evidence, found);
        if (Update(evidence.Service) is { } update)
        {
            found.Add(update);
        }

        return found;
    }

    public static string Tell(DiagnosisInput evidence)
    {
        List<Finding> found = Find(evidence);
        Progress progress = Convergence.Read(evidence.Service, [.. evidence.Tasks.Where(static task => !IsFailed(task))], new HashSet<string>(StringComparer.Ordinal));
        string name = evidence.Service.Spec?.Name ?? evidence.Service.Id ?? "";
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"Service {name}: {progress.Done} of {Plural.Tasks((long)progress.Wanted)} {(Convergence.IsJob(evidence.Service) ? "complete" : "running")}.\n");
        if (found.Count == 0)
        {
            return text.Append(progress.IsConverged ? "Nothing is wrong with it.\n"
                : "Its tasks are on their way and report no error; look again in a few seconds ('skep service ps').\n").ToString();
        }

        foreach (Finding finding in found)
        {
            text.Append('\n').Append(finding.What).Append('\n');
            foreach (string detail in finding.Details)
            {
                text.Append("    ").Append(detail).Append('\n');
            }

            foreach (string next in finding.Next)
            {
                text.Append("  → ").Append(next).Append('\n');
            }
        }

        return text.ToString();
    }

    private static void AddFailures(DiagnosisInput evidence, List<Finding> found)
    {
        // A slot that runs well now has got over its failures, unless it keeps failing.
        HashSet<(int, string?)> well = [.. evidence.Tasks.Where(static task => task.Status?.State is "running" or "complete").Select(Place)];
        IEnumerable<WireTask> failed = evidence.Tasks.Where(IsFailed).GroupBy(Place)
            .Where(slot => !well.Contains(slot.Key) || slot.Count() >= Loop).SelectMany(static slot => slot);
        foreach (IGrouping<string, WireTask> kind in failed.GroupBy(static task => FailureReason.Kind(task.Status?.Err ?? task.Status?.Message ?? ""), StringComparer.Ordinal).OrderByDescending(static kind => kind.Count()))
        {
            List<WireTask> tasks = [.. kind.OrderByDescending(static task => task.Status?.Timestamp)];
            WireTask last = tasks[0];
            List<string> seen = [];
            string nodes = string.Join(", ", tasks.Select(task => Node(evidence, task)).Where(static node => node.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
            seen.Add($"{Plural.Of(tasks.Count, "failure")} kept in the history{(nodes.Length > 0 ? $", on {nodes}" : "")}; the last {Output.HumanFormat.Ago(last.Status?.Timestamp ?? default, evidence.Now).ToLowerInvariant()}");
            if (tasks.GroupBy(Place).Any(static slot => slot.Count() >= Loop))
            {
                seen.Add("it is a loop: each replacement fails in the same way");
            }

            WireTask? spoke = tasks.Find(task => evidence.LastWords.TryGetValue(task.Id ?? "", out IReadOnlyList<string>? lines) && lines.Count > 0);
            if (spoke is not null)
            {
                seen.Add("its last words:");
                seen.AddRange(evidence.LastWords[spoke.Id!].Select(static line => $"| {line}"));
            }

            found.Add(FailureReason.Explain(last.Status?.Err ?? last.Status?.Message ?? "", ImageReference.WithoutDigest(last.Spec?.ContainerSpec?.Image), seen));
            WireRestartPolicy? restart = evidence.Service.Spec?.TaskTemplate?.RestartPolicy;
            bool replaced = evidence.Tasks.Any(task => Place(task) == Place(last) && !IsFailed(task) && task.DesiredState is "running" or "ready");
            if (!replaced && !Convergence.IsJob(evidence.Service) && restart is { Condition: "none" } or { MaxAttempts: > 0 })
            {
                found.Add(new Finding(
                    restart.Condition == "none" ? "It is not started again, because its restart condition is 'none'."
                        : string.Create(CultureInfo.InvariantCulture, $"It is not started again: the restart policy allows {restart.MaxAttempts} attempts."),
                    [], [$"When the cause is gone: 'skep service update --force {evidence.Service.Spec?.Name}'."]));
            }
        }
    }

    /// <summary>Tasks that sit in a state in which none should sit for long.</summary>
    private static void AddSlow(DiagnosisInput evidence, List<Finding> found)
    {
        foreach (IGrouping<string?, WireTask> state in evidence.Tasks
            .Where(task => task.Status?.State is "assigned" or "accepted" or "preparing" or "ready" or "starting" && task.DesiredState == "running" && evidence.Now - task.Status.Timestamp > TimeSpan.FromSeconds(10))
            .GroupBy(static task => task.Status?.State, StringComparer.Ordinal))
        {
            int count = state.Count();
            string nodes = string.Join(", ", state.Select(task => Node(evidence, task)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
            string since = Output.HumanFormat.Ago(state.Min(static task => task.Status!.Timestamp), evidence.Now).ToLowerInvariant();
            (string what, string next) = state.Key switch
            {
                "assigned" => ("given to its node, which has not answered", "Check with 'skep node ls' that the node is Ready; run 'skep doctor' there."),
                "starting" => ("started, but not healthy yet", "Look at 'skep service logs'; it counts as running once its health check succeeds."),
                "ready" => ("ready and waiting for its turn", "It starts when the task it replaces has stopped and the restart delay is over."),
                _ => ("getting its image, volumes and networks", "A large image takes its time; 'skep service ps --no-trunc' shows an error as soon as there is one."),
            };
            found.Add(new Finding($"{Plural.Tasks(count)} on {nodes} {Plural.Verb(count, "is", "are")} {what} (since {since}).".Replace(" ago)", ")", StringComparison.Ordinal), [], [next]));
        }
    }

    private static Finding? Update(WireService service)
    {
        string message = service.UpdateStatus?.Message ?? "";
        string name = service.Spec?.Name ?? "";
        return service.UpdateStatus?.State switch
        {
            "paused" => new Finding($"The last update is paused, so the rest of the tasks keep their old form: {message}.", [],
                [$"Correct the spec and update again, go on as it is with 'skep service update --force {name}', or go back with 'skep service rollback {name}'."]),
            "rollback_paused" => new Finding($"An update failed, and going back failed too and is paused: {message}.", [], [$"Neither form works now: correct the spec with 'skep service update {name}'."]),
            "rollback_started" => new Finding($"An update failed and is being taken back: {message}.", [], ["Wait until it has ended; the reason of the failed tasks is above."]),
            "rollback_completed" => new Finding($"The last update was taken back, so the service runs in its form from before: {message}.", [],
                ["The failed tasks in 'skep service ps --no-trunc' say what was wrong with the new form."]),
            _ => null,
        };
    }

    private static (int Slot, string? Node) Place(WireTask task) => task.Slot > 0 ? (task.Slot, null) : (0, task.NodeId);

    private static string Node(DiagnosisInput evidence, WireTask task) => evidence.Nodes.FirstOrDefault(node => node.Id == task.NodeId)?.Description?.Hostname ?? task.NodeId ?? "";
}
