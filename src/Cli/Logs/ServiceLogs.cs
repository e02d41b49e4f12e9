using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Logs;

/// <summary><c>service logs</c>: the output of all tasks, each line with the task it came from.</summary>
/// <remarks>Source: docker/cli:cli/command/service/logs.go.</remarks>
internal static class ServiceLogs
{
    private const string NodeKey = "com.docker.swarm.node.id";
    private const string ServiceKey = "com.docker.swarm.service.id";
    private const string TaskKey = "com.docker.swarm.task.id";

    private static readonly Flag<bool> Raw = Flag.Switch("raw", "Do not neatly format logs");
    private static readonly Flag<bool> NoTaskIds = Flag.Switch("no-task-ids", "Do not include task IDs in output");

    public static readonly Verb Logs = new("[OPTIONS] SERVICE|TASK", "Fetch the logs of a service or task", Arity.One,
        [LogFlags.Details, LogFlags.Follow, LogFlags.Since, LogFlags.Tail, LogFlags.Timestamps, Raw, NoTaskIds, CommonFlags.NoResolve, CommonFlags.NoTrunc], RunAsync);

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        (string path, bool tty, ulong widest) = await FindAsync(call, call.Arguments[0], cancellation);
        bool raw = call.Get(Raw) || tty;
        if (tty && !call.Get(Raw))
        {
            throw new CliException("tty service logs only supported with --raw");
        }

        Query query = LogFlags.Ask(call, path).When(!raw || call.Get(LogFlags.Details), "details", "1");
        using EngineReply reply = await call.Engine.SendAsync("GET", query.ToString(), null, null, cancellation);
        if (raw)
        {
            await ContainerLogs.CopyAsync(call, reply, cancellation);
            return 0;
        }

        NameResolver names = new(call.Engine, !call.Get(CommonFlags.NoResolve));
        Dictionary<string, WireTask?> tasks = new(StringComparer.Ordinal);
        LineSplitter[] splitters = [new(), new()];
        await FramedOutput.ReadAsync(reply, async (bytes, isError) =>
        {
            foreach (string line in splitters[isError ? 1 : 0].Take(bytes.Span))
            {
                await WriteAsync(line, isError);
            }

            await call.Out.FlushAsync(cancellation);
        }, cancellation);
        foreach (bool isError in new[] { false, true })
        {
            if (splitters[isError ? 1 : 0].Rest() is { } rest)
            {
                await WriteAsync(rest, isError);
            }
        }

        return 0;

        async Task WriteAsync(string line, bool isError)
        {
            string time = "";
            if (call.Get(LogFlags.Timestamps) && line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end)
            {
                time = line[..(end + 1)];
                line = line[(end + 1)..];
            }

            int blank = line.IndexOf(' ', StringComparison.Ordinal);
            Dictionary<string, string> details = new(StringComparer.Ordinal);
            foreach (string detail in (blank < 0 ? line : line[..blank]).Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                (string key, string value) = GoValues.Pair(detail);
                details[key] = Uri.UnescapeDataString(value);
            }

            string text = blank < 0 ? "" : line[(blank + 1)..];
            string prefix = await PrefixAsync(call, names, tasks, details, widest, cancellation);
            string shown = call.Get(LogFlags.Details)
                ? string.Join(',', details.Where(static pair => pair.Key is not (NodeKey or ServiceKey or TaskKey)).Select(static pair => $"{pair.Key}={pair.Value}")) + " "
                : "";
            (isError ? call.Err : call.Out).WriteLine($"{time}{prefix}    | {shown}{text}");
        }
    }

    private static async Task<(string Path, bool Tty, ulong Widest)> FindAsync(Invocation call, string name, CancellationToken cancellation)
    {
        string escaped = Query.Escape(name);
        try
        {
            WireService service = await call.Engine.GetAsync($"/services/{escaped}?insertDefaults=false", WireJson.Default.WireService, cancellation);
            return ($"/services/{escaped}/logs", service.Spec?.TaskTemplate?.ContainerSpec?.Tty == true, service.Spec?.Mode?.Replicated?.Replicas ?? 1);
        }
        catch (EngineException failure) when (failure.IsNotFound)
        {
            try
            {
                WireTask task = await call.Engine.GetAsync($"/tasks/{escaped}", WireJson.Default.WireTask, cancellation);
                return ($"/tasks/{escaped}/logs", task.Spec?.ContainerSpec?.Tty == true, (ulong)task.Slot);
            }
            catch (EngineException second) when (second.IsNotFound)
            {
                throw new CliException($"no such task or service: {name}");
            }
        }
    }

    private static async Task<string> PrefixAsync(
        Invocation call, NameResolver names, Dictionary<string, WireTask?> tasks, Dictionary<string, string> details, ulong widest, CancellationToken cancellation)
    {
        string taskId = details.GetValueOrDefault(TaskKey, "");
        string node = await names.NodeAsync(details.GetValueOrDefault(NodeKey), cancellation);
        string service = await names.ServiceAsync(details.GetValueOrDefault(ServiceKey), cancellation);
        if (!tasks.TryGetValue(taskId, out WireTask? task))
        {
            try
            {
                task = await call.Engine.GetAsync($"/tasks/{taskId}", WireJson.Default.WireTask, cancellation);
            }
            catch (EngineException)
            {
                task = null; // gone meanwhile; its lines are shown all the same
            }

            tasks.Add(taskId, task);
        }

        int slot = task?.Slot ?? 0;
        string name = slot > 0 ? string.Create(CultureInfo.InvariantCulture, $"{service}.{slot}") : $"{service}.{(task?.NodeId is { } id ? id : "")}";
        string shownId = call.Get(NoTaskIds) ? "" : "." + (call.Get(CommonFlags.NoTrunc) ? taskId : HumanFormat.Short(taskId));
        int padding = widest.ToString(CultureInfo.InvariantCulture).Length - slot.ToString(CultureInfo.InvariantCulture).Length;
        return $"{name}{shownId}@{node}{new string(' ', Math.Max(0, padding))}";
    }
}
