using System.Runtime.CompilerServices;
using Grpc.Core;
using Skep.Manager.Control;
using Skep.Rpc;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Logs;

/// <summary>Reads the output of tasks from the nodes they run on.</summary>
internal sealed class ClusterLogs(ClusterStore store, NodeChannels channels) : ILogSource
{
    private const int Stderr = 2;

    public async IAsyncEnumerable<TaskLogLine> ReadAsync(SwarmTask task, LogSelection selection, [EnumeratorCancellation] CancellationToken ct)
    {
        if (task.Node is not { } id || store.View().Nodes.Find(id) is not { Description: { } description } node)
        {
            throw new ClusterException(ErrorKind.NotFound, $"task {task.Id} is on no node yet");
        }

        if (node.IsDown)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"node {description.Hostname} of task {task.Name} is down");
        }

        var request = new V1.ReadLogsRequest
        {
            Follow = selection.Follow,
            Stdout = selection.Stdout,
            Stderr = selection.Stderr,
            SinceNanos = Nanos(selection.Since),
            UntilNanos = Nanos(selection.Until),
            Tail = selection.Tail ?? -1,
        };
        request.TaskIds.Add(task.Id.Value);
        using AsyncServerStreamingCall<V1.LogBatch> call = new V1.NodeLogs.NodeLogsClient(channels.To(description.PeerAddress, Callee.Member(node.Id))).Read(request, cancellationToken: ct);
        while (await NextAsync(call.ResponseStream, description.Hostname, ct).ConfigureAwait(false))
        {
            foreach (V1.LogLine line in call.ResponseStream.Current.Lines)
            {
                yield return new TaskLogLine(DateTimeOffset.UnixEpoch.AddTicks(line.TimeNanos / 100), line.Stream == Stderr, line.Data.Memory);
            }
        }
    }

    private static async Task<bool> NextAsync(IAsyncStreamReader<V1.LogBatch> stream, string hostname, CancellationToken ct)
    {
        try
        {
            return await stream.MoveNext(ct).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            // Who reads has hung up: that is no error of the node's.
            ct.ThrowIfCancellationRequested();
            ClusterException error = e.ToCluster();
            throw new ClusterException(error.Kind, $"node {hostname}: {error.Message}", e);
        }
    }

    private static long Nanos(DateTimeOffset? time) => time is { } t ? (t - DateTimeOffset.UnixEpoch).Ticks * 100 : 0;
}
