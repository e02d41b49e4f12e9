using System.Diagnostics;
using Skep.Worker.Tests.Support;
using Xunit.Abstractions;

namespace Skep.Worker.Tests;

[Collection("containerd")]
public sealed class PaceTests(ContainerdFixture fixture, ITestOutputHelper output)
{
    [Fact]
    public async Task Many_tasks_start_and_stop_within_seconds()
    {
        const int count = 40;
        await using TestNode node = await TestNode.StartAsync(fixture.Daemon);
        for (int i = 0; i < 5; i++)
        {
            SwarmTask one = Sleeper();
            var single = Stopwatch.StartNew();
            node.Manager.Put(one);
            await node.Manager.WaitAsync(one.Id, TaskState.Running);
            output.WriteLine($"assigned to running: {single.ElapsedMilliseconds} ms");
        }

        SwarmTask[] tasks = [.. Enumerable.Range(0, count).Select(_ => Sleeper())];
        var watch = Stopwatch.StartNew();
        node.Manager.Put([.. tasks.Select(t => new AssignmentItem.TaskAssignment(t))]);
        await node.Manager.WaitUntilAsync(() => node.Manager.Reports.Any(r => r.Status.State == TaskState.Running && tasks.Any(t => t.Id == r.Task)), "first running");
        output.WriteLine($"first of {count} running: {watch.ElapsedMilliseconds} ms");
        await node.Manager.WaitAllAsync([.. tasks.Select(t => t.Id)], TaskState.Running);
        output.WriteLine($"{count} running: {watch.ElapsedMilliseconds} ms, {count * 1000.0 / watch.ElapsedMilliseconds:F1} tasks/s");
        watch.Restart();
        node.Manager.Put([.. tasks.Select(t => new AssignmentItem.TaskAssignment(t with { DesiredState = TaskState.Shutdown }))]);
        await node.Manager.WaitAllAsync([.. tasks.Select(t => t.Id)], TaskState.Shutdown);
        output.WriteLine($"{count} stopped: {watch.ElapsedMilliseconds} ms");

        SwarmTask Sleeper() => node.Shell("trap 'exit 0' TERM; while true; do sleep 1000 & wait; done");
    }
}
