using Microsoft.Extensions.Logging.Abstractions;
using Skep.Manager.Dispatch;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Dispatch;

public sealed class StatusWriterTests
{
    private static readonly DateTimeOffset Noon = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(TaskState.Shutdown, "", "assigned node no longer meets constraints")]
    [InlineData(TaskState.Shutdown, "task: non-zero exit (137)", "task: non-zero exit (137)")]
    [InlineData(TaskState.Running, "", "")]
    public async Task Why_the_cluster_stops_a_task_outlives_what_its_node_says(TaskState desired, string said, string told)
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.AddNodeAsync("n", NodeRole.Worker);
        var task = new SwarmTask(new TaskId("t"), new ServiceId("s"), 1)
        {
            Node = new NodeId("n"),
            Spec = OneManager.Web("web").Task,
            ServiceAnnotations = new Annotations("web"),
            DesiredState = desired,
            Status = new SwarmTaskStatus(TaskState.Running, Noon) { Error = "assigned node no longer meets constraints" },
        };
        await manager.CommitAsync([new StoreChange.Create(task)]);
        using var stop = new CancellationTokenSource();
        var writer = new StatusWriter(manager.Store, manager.Time, NullLogger<StatusWriter>.Instance);
        Task running = writer.RunAsync(stop.Token);

        await writer.StoreAsync(new NodeId("n"), [new TaskReport(task.Id, new SwarmTaskStatus(TaskState.Complete, Noon.AddSeconds(1)) { Error = said })], CancellationToken.None);

        Assert.Equal((TaskState.Complete, told), (manager.Store.View().Tasks.Find(task.Id)!.Status.State, manager.Store.View().Tasks.Find(task.Id)!.Status.Error));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
