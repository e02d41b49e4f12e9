using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Engine.Events;
using Skep.Engine.Logs;
using Skep.Engine.Native;
using Skep.Testing.Containers;
using Skep.Worker.Agent;

namespace Skep.Worker.Tests.Support;

/// <summary>An agent on a containerd of our own, led by a <see cref="TestManager"/>.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private static int _numbers;
    private CancellationTokenSource _running = new();
    private Task _run = Task.CompletedTask;

    private TestNode(ContainerdProcess daemon, TestManager manager, string name, string[] mirrors)
    {
        Daemon = daemon;
        Manager = manager;
        Options = new EngineOptions
        {
            DataDirectory = Path.Combine(daemon.Root, name, "data"),
            RunDirectory = Path.Combine(daemon.Root, name, "run"),
            ContainerdSocket = daemon.Socket,
            ContainerdNamespace = "skt-" + name,
            CgroupParent = "/skt-wrk-" + Path.GetFileName(daemon.Root) + "-" + name,
            Hostname = "host-" + name,
            RegistryMirrors = mirrors.ToValueList(),
        };
        Self = new NodeId("node" + name);
    }

    public ContainerdProcess Daemon { get; }

    public TestManager Manager { get; }

    public EngineOptions Options { get; init; }

    public EventHub Events { get; } = new(TimeProvider.System);

    public NodeId Self { get; }

    public WorkerAgent Agent { get; private set; } = null!;

    /// <summary>Opens the node's data plane; null: none.</summary>
    private Func<Task<Overlay.NodeNetwork>>? OpenNetwork { get; init; }

    public Overlay.NodeNetwork? Network { get; private set; }

    public static async Task<TestNode> StartAsync(
        ContainerdProcess daemon, TestManager? manager = null, bool withImage = true, Func<Task<Overlay.NodeNetwork>>? network = null, params string[] mirrors)
    {
        var node = new TestNode(daemon, manager ?? await TestManager.StartAsync(), $"n{Interlocked.Increment(ref _numbers)}", mirrors) { OpenNetwork = network };
        await node.OpenAsync();
        if (withImage)
        {
            await node.Agent.Local.LoadImagesAsync(new MemoryStream(TestImage.SavedTar("busy:1")), CancellationToken.None);
        }

        return node;
    }

    public async Task OpenAsync()
    {
        _running = new CancellationTokenSource();
        if (OpenNetwork is not null)
        {
            Network = await OpenNetwork();
        }

        Agent = await WorkerAgent.OpenAsync(new WorkerOptions { DrainDelay = TimeSpan.Zero }, Options, Network, Events, TimeProvider.System, new Random(1), IdSource.Secure, NullLoggerFactory.Instance, CancellationToken.None);
        _run = Agent.RunAsync(new Membership(Self, new ClusterId("cluster"), [Manager.Address], "127.0.0.1:1", "127.0.0.1"), Manager, _ => { }, _running.Token);
    }

    /// <summary>Ends the agent as an upgrade would; containers go on.</summary>
    public async Task CloseAsync()
    {
        await _running.CancelAsync();
        try
        {
            await _run.WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (OperationCanceledException) when (_running.IsCancellationRequested && _run.IsCompleted)
        {
            // As asked.
        }
        finally
        {
            await Agent.DisposeAsync();
            if (Network is not null)
            {
                await Network.DisposeAsync();
            }
        }
    }

    public async Task<IReadOnlyList<string>> OutputAsync(TaskId task, LogQuery? query = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var lines = new List<string>();
        await foreach (LogLine line in Agent.Local.ReadLogsAsync(task.ContainerId, query ?? new LogQuery { Follow = true }, limit.Token))
        {
            lines.Add(Encoding.UTF8.GetString(line.Data.Span).TrimEnd('\n'));
        }

        return lines;
    }

    /// <summary>A task that runs a shell line.</summary>
    public SwarmTask Shell(string line, Func<ContainerSpec, ContainerSpec>? change = null, Func<TaskSpec, TaskSpec>? changeTask = null)
    {
        ContainerSpec container = new("busy:1") { Command = ["/bin/sh", "-c", line] };
        TaskSpec spec = new() { Container = change?.Invoke(container) ?? container };
        return new SwarmTask(new TaskId(IdSource.Secure.Next()), new ServiceId("svc1"), 1)
        {
            Node = Self,
            Spec = changeTask?.Invoke(spec) ?? spec,
            ServiceAnnotations = new Annotations("web") { Labels = ValueMap<string, string>.Empty.Set("tier", "front") },
            Status = new SwarmTaskStatus(TaskState.Assigned, DateTimeOffset.UnixEpoch),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await using (WorkerAgent last = await WorkerAgent.OpenAsync(new WorkerOptions { DrainDelay = TimeSpan.Zero }, Options, null, Events, TimeProvider.System, new Random(1), IdSource.Secure, NullLoggerFactory.Instance, CancellationToken.None))
        {
            await last.LeaveAsync(CancellationToken.None);
        }

        Engine.Native.LibC.Detach(Path.Combine(Options.RunDirectory, "tasks"));
        await Manager.DisposeAsync();
        foreach (string controller in Directory.GetDirectories("/sys/fs/cgroup"))
        {
            string own = controller + Options.CgroupParent;
            if (Directory.Exists(own))
            {
                Directory.Delete(own);
            }
        }
    }
}

/// <summary>One containerd for all tests of the collection.</summary>
public sealed class ContainerdFixture : IDisposable
{
    internal ContainerdProcess Daemon { get; } = new();

    public void Dispose() => Daemon.Dispose();
}

[CollectionDefinition("containerd")]
public sealed class ContainerdCollection : ICollectionFixture<ContainerdFixture>;
