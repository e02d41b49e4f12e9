using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skep.Rpc;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Skep.Worker.Agent;
using Proto = Skep.Rpc.V1;

namespace Skep.Worker.Tests.Support;

/// <summary>A manager that says what the test tells it to, over real gRPC on the loopback.</summary>
internal sealed class TestManager : INodeChannels, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, GrpcChannel> _channels = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<AssignmentKey, AssignmentItem> _set = [];
    private readonly List<TaskReport> _reports = [];
    private readonly List<Proto.ManagerAddress> _others = [];
    private readonly List<Channel<Proto.ManagerMessage>> _sessions = [];
    private readonly AssignmentChecksum _checksum = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TestManager(WebApplication app, string address)
    {
        _app = app;
        Address = address;
    }

    public string Address { get; }

    public int SessionsSeen { get; private set; }

    /// <summary>Heartbeats whose checksum was ours.</summary>
    public int AgreedHeartbeats { get; private set; }

    public NodeDescription? Description { get; private set; }

    public static async Task<TestManager> StartAsync(Action<WebApplication>? map = null, Action<IServiceCollection>? services = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(o => o.Interceptors.Add<CallErrorInterceptor>());
        var holder = new Holder();
        builder.Services.AddSingleton(holder);
        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.MapGrpcService<Service>();
        map?.Invoke(app);
        await app.StartAsync();
        string url = app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var manager = new TestManager(app, new Uri(url).Authority);
        holder.Manager = manager;
        return manager;
    }

    public CallInvoker To(string address, Callee callee) => _channels.GetOrAdd(address, a => GrpcChannel.ForAddress($"http://{a}")).CreateCallInvoker();

    public void Put(params AssignmentItem[] items)
    {
        lock (_gate)
        {
            foreach (AssignmentItem item in items)
            {
                _set[item.Key] = item;
                _checksum.Put(item.Key, item.ToProto());
            }

            Send(new AssignmentChange(false, 0, items.ToValueList(), []));
        }
    }

    public void Put(SwarmTask task) => Put(new AssignmentItem.TaskAssignment(task));

    public void Remove(TaskId task)
    {
        lock (_gate)
        {
            var key = new AssignmentKey(AssignmentKind.Task, task.Value);
            _set.Remove(key);
            _checksum.Remove(key);
            Send(new AssignmentChange(false, 0, [], [key]));
        }
    }

    public IReadOnlyList<TaskReport> Reports
    {
        get
        {
            lock (_gate)
            {
                return [.. _reports];
            }
        }
    }

    /// <summary>Waits until something reported fulfils the condition.</summary>
    public async Task<SwarmTaskStatus> WaitAsync(TaskId task, Func<SwarmTaskStatus, bool> condition, string what, int seconds = 20)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_reports.LastOrDefault(r => r.Task == task && condition(r.Status)) is { } found)
                {
                    return found.Status;
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"task {task} was to be {what}; reported: {string.Join(" | ", Reports.Where(r => r.Task == task).Select(r => $"{r.Status.State} {r.Status.Error}"))}", e);
            }
        }
    }

    public Task<SwarmTaskStatus> WaitAsync(TaskId task, TaskState state, int seconds = 20) => WaitAsync(task, s => s.State == state, state.ToString(), seconds);

    /// <summary>Waits until as many tasks were reported in a state.</summary>
    public async Task WaitAllAsync(IReadOnlyCollection<TaskId> tasks, TaskState state, int seconds = 60)
    {
        foreach (TaskId task in tasks)
        {
            await WaitAsync(task, s => s.State == state, state.ToString(), seconds);
        }
    }

    public async Task WaitUntilAsync(Func<bool> condition, string what, int seconds = 20)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (condition())
                {
                    return;
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException(what, e);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (GrpcChannel channel in _channels.Values)
        {
            channel.Dispose();
        }

        await _app.StopAsync(new CancellationToken(true));
        await _app.DisposeAsync();
    }

    /// <summary>Says of another node that it manages too.</summary>
    public void TellManager(NodeId node, string address)
    {
        lock (_gate)
        {
            _others.Add(new Proto.ManagerAddress { NodeId = node.Value, Address = address });
            foreach (Channel<Proto.ManagerMessage> session in _sessions)
            {
                session.Writer.TryWrite(View());
            }
        }
    }

    private Proto.ManagerMessage View() => new()
    {
        Node = new Proto.NodeView { ClusterId = "cluster", HeartbeatPeriodNanos = 200_000_000, Managers = { new Proto.ManagerAddress { NodeId = "m", Address = Address }, _others } },
    };

    private void Send(AssignmentChange change)
    {
        foreach (Channel<Proto.ManagerMessage> session in _sessions)
        {
            session.Writer.TryWrite(new Proto.ManagerMessage { Assignments = change.ToProto() });
        }
    }

    private void Notify()
    {
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    public sealed class Holder
    {
        internal TestManager Manager { get; set; } = null!;
    }

    public sealed class Service(Holder holder) : Proto.Dispatch.DispatchBase
    {
        public override async Task Session(IAsyncStreamReader<Proto.AgentMessage> requestStream, IServerStreamWriter<Proto.ManagerMessage> responseStream, ServerCallContext context)
        {
            TestManager manager = holder.Manager;
            Channel<Proto.ManagerMessage> outgoing = Channel.CreateUnbounded<Proto.ManagerMessage>();
            lock (manager._gate)
            {
                manager.SessionsSeen++;
                outgoing.Writer.TryWrite(manager.View());
                outgoing.Writer.TryWrite(new Proto.ManagerMessage { Assignments = new AssignmentChange(true, 0, manager._set.Values.ToValueList(), []).ToProto() });
                manager._sessions.Add(outgoing);
                manager.Notify();
            }

            Task writing = WriteAsync();
            try
            {
                await foreach (Proto.AgentMessage message in requestStream.ReadAllAsync(context.CancellationToken))
                {
                    manager.Take(message, outgoing.Writer);
                }
            }
            finally
            {
                lock (manager._gate)
                {
                    manager._sessions.Remove(outgoing);
                }

                outgoing.Writer.TryComplete();
                await writing;
            }

            async Task WriteAsync()
            {
                ulong sequence = 0;
                await foreach (Proto.ManagerMessage message in outgoing.Reader.ReadAllAsync())
                {
                    if (context.CancellationToken.IsCancellationRequested)
                    {
                        return;
                    }

                    if (message.Assignments is not null)
                    {
                        message.Assignments.Sequence = ++sequence;
                    }

                    await responseStream.WriteAsync(message);
                }
            }
        }
    }

    private void Take(Proto.AgentMessage message, ChannelWriter<Proto.ManagerMessage> answers)
    {
        lock (_gate)
        {
            if (message.Hello is { } hello)
            {
                Description = hello.Description.ToModel();
            }

            if (message.Reports is { } reports)
            {
                _reports.AddRange(reports.Reports.Select(r => r.ToModel()));
                answers.TryWrite(new Proto.ManagerMessage { Accepted = new Proto.ReportsAccepted { Number = reports.Number } });
            }

            if (message.Heartbeat is { } beat && beat.Checksum == _checksum.Value)
            {
                AgreedHeartbeats++;
            }

            Notify();
        }
    }
}
