using Skep.Api.Http;
using Skep.Engine;
using Skep.Engine.Containers;
using Skep.Engine.Logs;

namespace Skep.Api.Local;

/// <summary>A client's terminal or pipes at a container's input and output.</summary>
internal static class AttachRoutes
{
    private const int ChunkBytes = 32 * 1024;

    public static void AddTo(RouteTable routes)
    {
        routes.Add("POST", "/containers/{id}/attach", (call, ct) => AttachAsync(call, isWebSocket: false, ct));
        routes.Add("GET", "/containers/{id}/attach/ws", (call, ct) => AttachAsync(call, isWebSocket: true, ct));
    }

    private static async Task AttachAsync(ApiCall call, bool isWebSocket, CancellationToken ct)
    {
        (bool stdout, bool stderr, bool stdin) = (call.Flag("stdout"), call.Flag("stderr"), call.Flag("stdin"));
        LocalContainer container = await call.Local.InspectContainerAsync(call["id"], ct);
        DetachKeys asked = DetachKeys.Parse(call.Query("detachKeys"));
        using ContainerAttachment attachment = await call.Local.AttachContainerAsync(container.Id, ct);
        // Clients before 1.42 know one type only.
        bool isRaw = attachment.IsTerminal;
        await using IAttachedClient connection = isWebSocket ? await call.HijackWebSocketAsync(ct) : await call.HijackAsync(
            isRaw || call.Http.Request.Headers.Upgrade.Count == 0 ? "application/vnd.docker.raw-stream" : "application/vnd.docker.multiplexed-stream", ct);
        if (call.Flag("logs"))
        {
            await ReplayAsync(call.Local, container.Id, connection, isRaw, stdout, stderr, ct);
        }

        if (!call.Flag("stream"))
        {
            return;
        }

        using var session = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // A web socket is closed both ways at once: the client is gone then.
        Task input = stdin || isWebSocket ? InputAsync(connection, stdin ? attachment : null, isRaw ? asked : null, isWebSocket, session) : Task.CompletedTask;
        try
        {
            await OutputAsync(connection, attachment, isRaw, stdout, stderr, session.Token);
        }
        catch (OperationCanceledException) when (session.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return; // The client pressed its detach keys, or closed its web socket.
        }
        finally
        {
            await session.CancelAsync();
            await input.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task OutputAsync(IAttachedClient connection, ContainerAttachment attachment, bool isRaw, bool stdout, bool stderr, CancellationToken ct)
    {
        byte[] buffer = new byte[ChunkBytes];
        while (await attachment.ReadAsync(buffer, ct) is { } read)
        {
            bool isWanted = read.Stream == LogStream.Stdout ? stdout : stderr;
            ReadOnlyMemory<byte> data = buffer.AsMemory(0, read.Count);
            if (isWanted && !(isRaw ? await connection.WriteAsync(data, ct) : await connection.WriteFrameAsync((byte)read.Stream, data, ct)))
            {
                return;
            }
        }
    }

    private static async Task InputAsync(IAttachedClient connection, ContainerAttachment? attachment, DetachKeys? keys, bool endsAll, CancellationTokenSource session)
    {
        byte[] buffer = new byte[ChunkBytes];
        // Room at the end for the beginning of a sequence that turned out to be none.
        while (await connection.ReadAsync(buffer.AsMemory(0, ChunkBytes / 2), session.Token) is > 0 and var count)
        {
            (int passed, bool isDetached) = keys?.Take(buffer, count) ?? (count, false);
            if (passed > 0 && attachment is not null)
            {
                await attachment.WriteAsync(buffer.AsMemory(0, passed), session.Token);
            }

            if (isDetached)
            {
                await session.CancelAsync();
                return;
            }
        }

        if (attachment is not null)
        {
            await attachment.EndInputAsync(session.Token);
        }

        if (endsAll)
        {
            await session.CancelAsync();
        }
    }

    private static async Task ReplayAsync(ContainerEngine local, string id, IAttachedClient connection, bool isRaw, bool stdout, bool stderr, CancellationToken ct)
    {
        await foreach (LogLine line in local.ReadLogsAsync(id, new LogQuery { Stdout = stdout, Stderr = stderr }, ct))
        {
            if (isRaw)
            {
                await connection.WriteAsync(line.Data, ct);
            }
            else
            {
                await connection.WriteFrameAsync((byte)line.Stream, line.Data, ct);
            }
        }
    }
}
