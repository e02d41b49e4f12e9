using System.Text;
using Skep.Cli.Engine;
using Skep.Cli.Logs;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Wire;

namespace Skep.Cli.Why;

/// <summary><c>service why</c>: asks for all that speaks about a service or one of its tasks, and tells it in words.</summary>
internal static class ServiceWhy
{
    /// <summary>How many tasks are asked for their last words.</summary>
    private const int MostAsked = 3;
    private static readonly TimeSpan LongestLog = TimeSpan.FromSeconds(3);

    public static readonly Verb Why = new("SERVICE|TASK [SERVICE|TASK...]", "Explain why tasks do not run, restart or are not updated", Arity.Some, [], static async (call, cancellation) =>
    {
        bool first = true;
        foreach (string name in call.Arguments)
        {
            if (!first)
            {
                call.Out.WriteLine();
            }

            first = false;
            call.Out.Write(Diagnosis.Tell(await GatherAsync(call, name, cancellation)));
        }

        return 0;
    });

    private static async Task<DiagnosisInput> GatherAsync(Invocation call, string name, CancellationToken cancellation)
    {
        WireService service;
        WireTask? single = null;
        try
        {
            service = await ServiceReading.FindAsync(call.Engine, name, cancellation);
        }
        catch (EngineException failure) when (failure.IsNotFound)
        {
            try
            {
                // web.3.ID and ID name a task.
                single = await call.Engine.GetAsync($"/tasks/{Query.Escape(name.Split('.')[^1])}", WireJson.Default.WireTask, cancellation);
                service = await ServiceReading.FindAsync(call.Engine, single.ServiceId ?? "", cancellation);
            }
            catch (EngineException other) when (other.IsNotFound)
            {
                throw new CliException($"no such service or task: {name}");
            }
        }

        List<WireTask> tasks = await call.Engine.GetAsync(new Query("/tasks").Filter("service", service.Id ?? "").ToString(), WireJson.Default.ListWireTask, cancellation);
        if (single is not null)
        {
            // A task is explained with the others of its slot: what came before it says why it is there.
            tasks = [.. tasks.Where(task => task.Slot == single.Slot && (single.Slot > 0 || task.NodeId == single.NodeId))];
        }

        List<WireNode> nodes = await call.Engine.GetAsync("/nodes", WireJson.Default.ListWireNode, cancellation);
        Dictionary<string, IReadOnlyList<string>> lastWords = new(StringComparer.Ordinal);
        foreach (WireTask task in tasks.Where(static task => Diagnosis.IsFailed(task) && task.Status?.ContainerStatus?.ContainerId is { Length: > 0 }).OrderByDescending(static task => task.Status?.Timestamp).Take(MostAsked))
        {
            lastWords[task.Id ?? ""] = await LastWordsAsync(call, task, cancellation);
        }

        return new DiagnosisInput(service, tasks, nodes, lastWords, call.Terminal.Time.GetUtcNow());
    }

    private static async Task<IReadOnlyList<string>> LastWordsAsync(Invocation call, WireTask task, CancellationToken cancellation)
    {
        StringBuilder text = new();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LongestLog);
        try
        {
            using EngineReply reply = await call.Engine.SendAsync(
                "GET", new Query($"/tasks/{task.Id}/logs").With("stdout", "1").With("stderr", "1").With("tail", "5").ToString(), null, null, limit.Token);
            await FramedOutput.ReadAsync(reply, (bytes, _) =>
            {
                text.Append(Encoding.UTF8.GetString(bytes.Span));
                return Task.CompletedTask;
            }, limit.Token);
        }
        catch (Exception failure) when (failure is CliException or IOException || failure is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return text.Length == 0 ? [$"(not to be had: {(failure is OperationCanceledException ? "its node does not answer" : failure.Message)})"] : Lines(text);
        }

        return Lines(text);
    }

    private static string[] Lines(StringBuilder text) => text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
