using Skep.Engine.Containers;
using Skep.Testing.Clusters;
using Skep.Testing.Containers;
using Skep.Worker.Tests.Support;

namespace Skep.Worker.Tests;

/// <summary>Own containerd each: it is killed here.</summary>
public sealed class ResilienceTests
{
    [Fact]
    public async Task Containers_and_tasks_outlive_a_killed_containerd()
    {
        using var daemon = new ContainerdProcess();
        await using TestNode node = await TestNode.StartAsync(daemon);
        SwarmTask task = node.Shell("trap 'exit 9' USR1; echo up; while true; do sleep 0.05; done", c => c with { StopSignal = "USR1" });
        SwarmTask ending = node.Shell("sleep 1.5; exit 4");
        node.Manager.Put(task);
        node.Manager.Put(ending);
        int pid = (await node.Manager.WaitAsync(task.Id, TaskState.Running)).Container!.Pid;
        await node.Manager.WaitAsync(ending.Id, TaskState.Running);
        daemon.Kill();
        // Ends while containerd is away: its code must not be lost.
        using (System.Diagnostics.Process waiting = System.Diagnostics.Process.Start("sleep", "2"))
        {
            await waiting.WaitForExitAsync();
        }

        daemon.Start();
        Assert.Equal(4, (await node.Manager.WaitAsync(ending.Id, TaskState.Failed)).Container!.ExitCode);
        LocalContainer container = await node.Agent.Local.InspectContainerAsync(task.Name, CancellationToken.None);
        Assert.Equal((ContainerState.Running, pid), (container.State, container.Pid));
        node.Manager.Put(task with { DesiredState = TaskState.Shutdown });
        Assert.Equal(9, (await node.Manager.WaitAsync(task.Id, TaskState.Shutdown)).Container!.ExitCode);
        SwarmTask next = node.Shell("echo again");
        node.Manager.Put(next);
        await node.Manager.WaitAsync(next.Id, TaskState.Complete);
    }

    [Fact]
    public async Task Containers_whose_health_is_just_being_checked_outlive_a_killed_containerd()
    {
        using var daemon = new ContainerdProcess();
        await using TestNode node = await TestNode.StartAsync(daemon);
        // Checked all the time: whenever containerd dies, checks are about to start.
        var check = new HealthCheck { Test = ["CMD-SHELL", "true"], Interval = TimeSpan.FromMilliseconds(5), Timeout = TimeSpan.FromSeconds(20), Retries = 50 };
        SwarmTask[] tasks = [.. Enumerable.Range(0, 4).Select(_ => node.Shell("while true; do sleep 0.2; done", c => c with { HealthCheck = check }))];
        var pids = new List<int>();
        foreach (SwarmTask task in tasks)
        {
            node.Manager.Put(task);
        }

        foreach (SwarmTask task in tasks)
        {
            pids.Add((await node.Manager.WaitAsync(task.Id, TaskState.Running)).Container!.Pid);
        }

        for (int round = 0; round < 2; round++)
        {
            daemon.Kill();
            daemon.Start();
            DateTimeOffset since = DateTimeOffset.UtcNow;
            foreach ((SwarmTask task, int pid) in tasks.Zip(pids))
            {
                await Eventually.BecomesAsync(
                    async () =>
                    {
                        LocalContainer container = await node.Agent.Local.InspectContainerAsync(task.Name, CancellationToken.None);
                        Assert.Equal((ContainerState.Running, pid), (container.State, container.Pid));
                        return container.Health!.Log.Any(p => p.Start > since && p.ExitCode == 0) ? null : "not checked again yet";
                    },
                    TimeSpan.FromSeconds(30));
            }
        }
    }
}
