using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Rpc;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Proto = Skep.Rpc.V1;

namespace Skep.Worker.Agent;

/// <summary>A session with some manager, for ever: when one breaks, another manager is asked.</summary>
internal sealed class ManagerSession(
    Membership membership, INodeChannels channels, NodeDescription description, AssignmentSet book, ReportOutbox outbox, TimeProvider time, Random random, ILogger logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    /// <summary>Another machine shows this node's certificate: each of the two would end the other's session at once, for ever.</summary>
    private static readonly TimeSpan ReplacedPause = TimeSpan.FromSeconds(30);

    /// <summary>Reports that come within this go together.</summary>
    private static readonly TimeSpan Batching = TimeSpan.FromMilliseconds(5);

    /// <summary>A session without a word this long is given up; managers answer heartbeats by their own streams' keep-alive.</summary>
    private static readonly TimeSpan FirstMessageTimeout = TimeSpan.FromSeconds(5);

    private ValueList<string> _managers = membership.Managers;
    private volatile string _present = "";
    private TimeSpan _heartbeat = new Model.ClusterSpec(Annotations.Unnamed).HeartbeatPeriod;

    /// <summary>Called with each step after the book has taken it, in order.</summary>
    public required Func<bool, Task> OnAssigned { get; init; }

    public required Action<ClusterInfo, ValueList<int>> OnClusterInfo { get; init; }

    /// <summary>What <see cref="NodeDescription.HeldPorts"/> says now; looked at before each heartbeat.</summary>
    public Func<ValueList<string>> HeldPorts { get; init; } = static () => [];

    /// <summary>host:port of the managers that are known, the one of the present session first.</summary>
    public IEnumerable<string> Managers => _managers.OrderBy(m => m == _present ? 0 : 1);

    public async Task RunAsync(CancellationToken ct)
    {
        TimeSpan pause = FirstPause;
        int turn = random.Next(0, int.MaxValue);
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            ValueList<string> managers = _managers;
            if (managers.IsEmpty)
            {
                throw new ClusterException(ErrorKind.FailedPrecondition, "no manager is known");
            }

            string address = managers[(int)((uint)turn++ % (uint)managers.Count)];
            bool wasGood = false, wasReplaced = false;
            try
            {
                await RunSessionAsync(address, () => wasGood = true, ct);
            }
            catch (Exception e) when (e is RpcException or IOException or InvalidOperationException or TimeoutException)
            {
                // A cancelled call ends as an error too.
                ct.ThrowIfCancellationRequested();
                wasReplaced = e is RpcException { StatusCode: StatusCode.AlreadyExists };
                WorkerLog.SessionEnded(logger, address, e is RpcException rpc ? rpc.Status.Detail : e.Message);
            }

            pause = wasReplaced ? ReplacedPause : wasGood ? FirstPause : pause;
            await Task.Delay(pause * (0.5 + random.NextDouble()), time, ct);
            pause = Backoff.Next(pause, LongestPause);
        }
    }

    private async Task RunSessionAsync(string address, Action isGood, CancellationToken ct)
    {
        using var scope = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var client = new Proto.Dispatch.DispatchClient(channels.To(address, Callee.AnyManager));
        using AsyncDuplexStreamingCall<Proto.AgentMessage, Proto.ManagerMessage> call = client.Session(cancellationToken: scope.Token);
        book.BeginSession();
        outbox.Reset();
        // Heartbeats out of turn: asked for when a step is missing. One is enough.
        Channel<bool> nudges = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        NodeDescription told = Describe();
        Task<bool> first = call.ResponseStream.MoveNext(ct);
        await call.SendAsync(new Proto.AgentMessage { Hello = new Proto.Hello { Description = told.ToProto() } }, first, ct);
        Task writing = WriteAsync(call.RequestStream, nudges.Reader, told, scope.Token);
        try
        {
            await first.WaitAsync(FirstMessageTimeout, time, ct);
            for (bool more = await first; more; more = await call.ResponseStream.MoveNext(ct))
            {
                isGood();
                _present = address;
                await HandleAsync(call.ResponseStream.Current, nudges.Writer);
                // What only tells that the call is over hides why; the next answer tells that.
                if (writing.IsCompleted && !(writing.Exception?.InnerException is { } error && RequestStreams.IsEndOfCall(error)))
                {
                    await writing;
                }
            }
        }
        finally
        {
            await scope.CancelAsync();
            await writing.SuppressThrowingAsync();
        }
    }

    private NodeDescription Describe() => description with { Tls = membership.Certificate?.Present, HeldPorts = HeldPorts() };

    private async Task HandleAsync(Proto.ManagerMessage message, ChannelWriter<bool> nudges)
    {
        switch (message.MessageCase)
        {
            case Proto.ManagerMessage.MessageOneofCase.Node:
                Proto.NodeView node = message.Node;
                ValueList<ManagerEndpoint> managers = node.Managers.Select(m => new ManagerEndpoint(new NodeId(m.NodeId), m.Address)).ToValueList();
                if (!managers.IsEmpty)
                {
                    _managers = managers.Select(m => m.Address).ToValueList();
                }

                TimeSpan heartbeat = TimeSpan.FromTicks(node.HeartbeatPeriodNanos / 100);
                if (heartbeat > TimeSpan.Zero && heartbeat != _heartbeat)
                {
                    _heartbeat = heartbeat;
                    nudges.TryWrite(true); // The wait for the next one was measured by the old pace.
                }

                OnClusterInfo(
                    new ClusterInfo(new ClusterId(node.ClusterId), (NodeRole)node.DesiredRole, managers, _heartbeat, node.RootCaPem, node.IssuerPublicKey.ToByteArray().ToValueList(), (int)node.DataPathPort),
                    node.ManagerPorts.Select(p => (int)p).ToValueList());
                break;
            case Proto.ManagerMessage.MessageOneofCase.Assignments:
                if (book.Apply(message.Assignments))
                {
                    await OnAssigned(message.Assignments.IsComplete);
                }
                else
                {
                    nudges.TryWrite(true);
                }

                break;
            case Proto.ManagerMessage.MessageOneofCase.Accepted:
                outbox.Accepted(message.Accepted.Number);
                break;
            case Proto.ManagerMessage.MessageOneofCase.Resync or Proto.ManagerMessage.MessageOneofCase.None:
                break;
        }
    }

    private async Task WriteAsync(IClientStreamWriter<Proto.AgentMessage> stream, ChannelReader<bool> nudges, NodeDescription told, CancellationToken ct)
    {
        long lastBeat = time.GetTimestamp();
        while (true)
        {
            TimeSpan left = _heartbeat * 0.9 - time.GetElapsedTime(lastBeat);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(ct);
            Task reports = outbox.WhenAny;
            Task renewed = membership.Certificate?.Changed ?? Task.Delay(Timeout.InfiniteTimeSpan, time, wait.Token);
            NodeDescription present = Describe();
            if (present != told)
            {
                told = present;
                await stream.WriteAsync(new Proto.AgentMessage { Description = told.ToProto() }, ct);
            }

            await Task.WhenAny(reports, renewed, Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, wait.Token), nudges.WaitToReadAsync(wait.Token).AsTask());
            await wait.CancelAsync();
            ct.ThrowIfCancellationRequested();
            bool isNudged = nudges.TryRead(out _);
            if (reports.IsCompleted)
            {
                await Task.Delay(Batching, time, ct);
                (ulong number, IReadOnlyList<TaskReport> unsent) = outbox.TakeUnsent();
                if (unsent.Count > 0)
                {
                    var batch = new Proto.StatusReports { Number = number };
                    batch.Reports.Add(unsent.Select(r => r.ToProto()));
                    await stream.WriteAsync(new Proto.AgentMessage { Reports = batch }, ct);
                }
            }

            if (isNudged || time.GetElapsedTime(lastBeat) >= _heartbeat * 0.9)
            {
                lastBeat = time.GetTimestamp();
                AssignmentVersion mark = book.Version;
                await stream.WriteAsync(new Proto.AgentMessage { Heartbeat = new Proto.Heartbeat { Sequence = mark.Sequence, Checksum = mark.Checksum } }, ct);
            }
        }
    }
}
