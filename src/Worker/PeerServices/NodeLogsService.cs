using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Skep.Engine.Logs;
using Skep.Rpc.V1;

namespace Skep.Worker.PeerServices;

/// <summary>Streams the output of this node's tasks to a manager.</summary>
public sealed class NodeLogsService : NodeLogs.NodeLogsBase
{
    private const int LinesPerBatch = 256;
    private readonly LogStore _logs;

    internal NodeLogsService(LogStore logs) => _logs = logs;

    public override async Task Read(ReadLogsRequest request, IServerStreamWriter<LogBatch> responseStream, ServerCallContext context)
    {
        var query = new LogQuery
        {
            Stdout = request.Stdout,
            Stderr = request.Stderr,
            Follow = request.Follow,
            Since = request.SinceNanos > 0 ? FromNanos(request.SinceNanos) : null,
            Until = request.UntilNanos > 0 ? FromNanos(request.UntilNanos) : null,
            Tail = request.Tail >= 0 ? request.Tail : null,
        };
        // Full: a slow reader slows the reading of files, nothing else.
        Channel<Rpc.V1.LogLine> lines = Channel.CreateBounded<Rpc.V1.LogLine>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.Wait });
        using var scope = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        Task reading = ReadAllAsync();
        try
        {
            while (await lines.Reader.WaitToReadAsync(scope.Token))
            {
                var batch = new LogBatch();
                while (batch.Lines.Count < LinesPerBatch && lines.Reader.TryRead(out Rpc.V1.LogLine? line))
                {
                    batch.Lines.Add(line);
                }

                await responseStream.WriteAsync(batch, scope.Token);
            }

            await reading;
        }
        finally
        {
            await scope.CancelAsync();
            await reading.SuppressThrowingAsync();
        }

        async Task ReadAllAsync()
        {
            try
            {
                await Task.WhenAll(request.TaskIds.Select(id => ReadAsync(id, scope.Token)));
                lines.Writer.TryComplete();
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                lines.Writer.TryComplete(e);
            }
        }

        async Task ReadAsync(string taskId, CancellationToken ct)
        {
            if (_logs.Find(new TaskId(taskId).ContainerId) is not { } log)
            {
                return;
            }

            await foreach (Engine.Logs.LogLine line in LogReader.ReadAsync(log, query, ct))
            {
                await lines.Writer.WriteAsync(
                    new Rpc.V1.LogLine
                    {
                        TaskId = taskId,
                        TimeNanos = (line.Time - DateTimeOffset.UnixEpoch).Ticks * 100,
                        Stream = (int)line.Stream,
                        Data = UnsafeByteOperations.UnsafeWrap(line.Data),
                    },
                    ct);
            }
        }
    }

    private static DateTimeOffset FromNanos(long nanos) => DateTimeOffset.UnixEpoch.AddTicks(nanos / 100);
}
