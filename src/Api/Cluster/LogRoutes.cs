using System.Runtime.CompilerServices;
using Skep.Api.Http;
using Skep.Engine;
using Skep.Engine.Containers;
using Skep.Engine.Logs;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

/// <summary>Output: of a container of this node, of a task anywhere, of all tasks of a service.</summary>
internal static class LogRoutes
{
    public static void AddTo(RouteTable routes, TimeProvider time)
    {
        routes.Add("GET", "/services/{id}/logs", (call, ct) => ServiceAsync(call, time, ct));
        routes.Add("GET", "/tasks/{id}/logs", (call, ct) => TaskAsync(call, time, ct));
        routes.Add("GET", "/containers/{id}/logs", ContainerAsync);
    }

    private static async Task ServiceAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        var request = LogRequest.Of(call);
        StoreView view = await control.ReadAsync(ct);
        Service service = view.Service(call["id"]);
        await MergeAsync(
            call,
            time,
            request,
            service.Spec.Task.Container.Tty,
            view.Tasks.OfService(service.Id).Where(HasOutput),
            request.Selection.Follow ? NewTasksAsync(control, service.Id, ct) : null,
            ct);
    }

    private static async Task TaskAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        var request = LogRequest.Of(call);
        StoreView view = await control.ReadAsync(ct);
        SwarmTask task = view.Task(call["id"]);
        await MergeAsync(call, time, request, task.Spec.Container.Tty, task.Node is null ? [] : [task], more: null, ct);
    }

    private static async Task ContainerAsync(ApiCall call, CancellationToken ct)
    {
        var request = LogRequest.Of(call);
        LocalContainer container = await call.Local.InspectContainerAsync(call["id"], ct);
        if (!LogDrivers.CanRead(container.LogDriver))
        {
            throw new ClusterException(ErrorKind.NotImplemented, "configured logging driver does not support reading");
        }

        var writer = new LogWriter(call, container.Spec?.Container.Tty ?? false, request.Timestamps, request.Details);
        string attributes = request.Details ? LogAttributes.Of(container) : "";
        await writer.StartAsync(ct);
        await foreach (LogLine line in call.Local.ReadLogsAsync(container.Id, QueryOf(request.Selection), ct))
        {
            await writer.WriteAsync(new TaskLogLine(line.Time, line.Stream == LogStream.Stderr, line.Data), attributes, flush: request.Selection.Follow, ct);
        }
    }

    private static async Task MergeAsync(
        ApiCall call, TimeProvider time, LogRequest request, bool isTerminal, IEnumerable<SwarmTask> tasks, IAsyncEnumerable<SwarmTask>? more, CancellationToken ct)
    {
        using CancellationTokenSource pumps = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var merge = new LogMerge(time, request.Selection.Follow, task => Open(call, task, request.Selection, pumps.Token));
        foreach (SwarmTask task in tasks)
        {
            merge.Add(task, pumps.Token);
        }

        if (more is not null)
        {
            merge.AddLater(more, pumps.Token);
        }

        try
        {
            var writer = new LogWriter(call, isTerminal, request.Timestamps, request.Details);
            var attributes = new Dictionary<TaskId, string>();
            await writer.StartAsync(ct);
            while (await merge.NextAsync(pumps.Token) is { } next)
            {
                if (!attributes.TryGetValue(next.Task.Id, out string? known))
                {
                    attributes[next.Task.Id] = known = LogAttributes.Of(next.Task);
                }

                await writer.WriteAsync(next.Line, known, next.IsLast, ct);
            }

            if (merge.Failures.Count > 0 && !isTerminal)
            {
                await writer.WriteErrorAsync(
                    $"warning: incomplete log stream. some logs could not be retrieved for the following reasons: {string.Join(", ", merge.Failures)}", ct);
            }
        }
        finally
        {
            await pumps.CancelAsync();
            await merge.StopAsync();
        }
    }

    private static IAsyncEnumerable<TaskLogLine> Open(ApiCall call, SwarmTask task, LogSelection selection, CancellationToken ct)
        => task.Node == call.Node.Lifecycle.State().Node && call.Node.Local is { } local
            ? LocalAsync(local, task.Id, selection, ct)
            : call.Control.Logs.ReadAsync(task, selection, ct);

    private static async IAsyncEnumerable<TaskLogLine> LocalAsync(ContainerEngine local, TaskId task, LogSelection selection, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (LogLine line in local.ReadLogsAsync(task.ContainerId, QueryOf(selection), ct))
        {
            yield return new TaskLogLine(line.Time, line.Stream == LogStream.Stderr, line.Data);
        }
    }

    /// <summary>Tasks of the service as they start; ends when the service is gone.</summary>
    private static async IAsyncEnumerable<SwarmTask> NewTasksAsync(ClusterControl control, ServiceId service, [EnumeratorCancellation] CancellationToken ct)
    {
        using StoreWatch watch = control.Watch();
        await foreach (StoreBatch batch in watch.WithCancellation(ct))
        {
            // The merge knows which it has; a batch that touches no task of the service costs one look at each of its events.
            if (batch.IsResync || batch.Events.Any(e => e.New is SwarmTask task && task.ServiceId == service))
            {
                foreach (SwarmTask task in batch.View.Tasks.OfService(service).Where(HasOutput))
                {
                    yield return task;
                }
            }

            if (batch.View.Services.Find(service) is null)
            {
                yield break;
            }
        }
    }

    private static bool HasOutput(SwarmTask task) => task.Node is not null && task.Status.State is >= TaskState.Starting and not TaskState.Rejected;

    private static LogQuery QueryOf(LogSelection selection) => new()
    {
        Stdout = selection.Stdout,
        Stderr = selection.Stderr,
        Follow = selection.Follow,
        Since = selection.Since,
        Until = selection.Until,
        Tail = selection.Tail,
    };
}
