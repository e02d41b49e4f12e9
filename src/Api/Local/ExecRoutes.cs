using System.Text;
using Skep.Api.Http;
using Skep.Api.Relay;
using Skep.Engine;
using Skep.Engine.Exec;

namespace Skep.Api.Local;

/// <summary>Commands in running containers.</summary>
internal static class ExecRoutes
{
    private const byte Stdout = 1;
    private static readonly ApiVersion MultiplexedSince = new(1, 42);

    public static void AddTo(RouteTable routes)
    {
        routes.Add("POST", "/containers/{id}/exec", CreateAsync);
        routes.Add("POST", "/exec/{id}/start", StartAsync);
        routes.Add("POST", "/exec/{id}/resize", ResizeAsync);
        routes.Add("GET", "/exec/{id}/json", InspectAsync);
    }

    private static async Task CreateAsync(ApiCall call, CancellationToken ct)
    {
        WireExecCreate wire = await call.ReadAsync(WireJson.Default.WireExecCreate, ct);
        _ = DetachKeys.Parse(wire.DetachKeys ?? "");
        var request = new ExecRequest((wire.Cmd ?? []).ToValueList())
        {
            User = wire.User ?? "",
            WorkingDirectory = wire.WorkingDir ?? "",
            Env = (wire.Env ?? []).ToValueList(),
            Tty = wire.Tty,
            Privileged = wire.Privileged,
            AttachStdin = wire.AttachStdin,
            AttachStdout = wire.AttachStdout,
            AttachStderr = wire.AttachStderr,
            DetachKeys = wire.DetachKeys ?? "",
        };
        string ending = call.Node.Lifecycle.State().Node is { } self ? ContainerRelay.ExecEndingOf(self) : "";
        await call.AnswerAsync(201, new WireExecCreated { Id = await call.Local.CreateExecAsync(call["id"], request, ending, ct) }, WireJson.Default.WireExecCreated, ct);
    }

    private static async Task StartAsync(ApiCall call, CancellationToken ct)
    {
        string id = call["id"];
        ContainerEngine local = call.Local;
        WireExecStart start = await call.ReadAsync(WireJson.Default.WireExecStart, ct);
        LocalExec exec = await local.TakeExecAsync(id, ct);
        (int, int)? size = start.ConsoleSize is [var height, var width] ? (width, height) : null;
        if (start.Detach)
        {
            await local.StartExecAsync(id, ct);
            await call.AnswerAsync(200);
            return;
        }

        bool isRaw = exec.Request.Tty;
        string contentType = isRaw || call.Version.CompareTo(MultiplexedSince) < 0 ? "application/vnd.docker.raw-stream" : "application/vnd.docker.multiplexed-stream";
        await using HijackedConnection connection = await call.HijackAsync(contentType, ct);
        using var left = new CancellationTokenSource();
        DetachKeys? keys = isRaw ? DetachKeys.Parse(exec.Request.DetachKeys) : null;
        bool hasLeft = false;
        var streams = new AttachedStreams(
            exec.Request.AttachStdin ? ReadAsync : null,
            (stream, data, token) => Volatile.Read(ref hasLeft)
                ? Task.FromResult(false)
                : isRaw ? connection.WriteAsync(data, token) : connection.WriteFrameAsync(stream, data, token));
        try
        {
            await local.RunExecAsync(id, streams, size).WaitAsync(left.Token);
        }
        catch (OperationCanceledException) when (left.IsCancellationRequested)
        {
            return; // The detach keys were typed; the process goes on.
        }
        catch (ClusterException refused)
        {
            byte[] text = Encoding.UTF8.GetBytes($"{refused.Message}\r\n");
            _ = isRaw ? await connection.WriteAsync(text, ct) : await connection.WriteFrameAsync(Stdout, text, ct);
        }

        async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken token)
        {
            int count = await connection.ReadAsync(buffer, token);
            if (keys is null || count == 0)
            {
                return count;
            }

            (int passed, bool isDetached) = keys.Take(buffer.Span, count);
            if (isDetached)
            {
                Volatile.Write(ref hasLeft, true);
                await left.CancelAsync();
                return passed;
            }

            // Nothing but the beginning of the keys: 0 would mean the end.
            return passed > 0 ? passed : await ReadAsync(buffer, token);
        }
    }

    private static async Task ResizeAsync(ApiCall call, CancellationToken ct)
    {
        if (!int.TryParse(call.Query("h"), out int height) || !int.TryParse(call.Query("w"), out int width))
        {
            throw ClusterException.Invalid("a terminal's size is two numbers, h and w");
        }

        await call.Local.ResizeExecAsync(call["id"], width, height, ct);
        await call.AnswerAsync(200);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        LocalExec exec = call.Local.InspectExec(call["id"]);
        await call.AnswerAsync(
            new WireExecDetail
            {
                Id = exec.Id,
                Running = exec.IsRunning,
                ExitCode = exec.ExitCode,
                ProcessConfig = new WireExecProcess
                {
                    Tty = exec.Request.Tty,
                    Entrypoint = exec.Request.Command[0],
                    Arguments = [.. exec.Request.Command.Skip(1)],
                    Privileged = exec.Request.Privileged,
                    User = exec.Request.User.Length > 0 ? exec.Request.User : null,
                },
                OpenStdin = exec.Request.AttachStdin,
                OpenStdout = exec.Request.AttachStdout,
                OpenStderr = exec.Request.AttachStderr,
                ContainerId = exec.ContainerId,
                DetachKeys = exec.Request.DetachKeys,
                Pid = exec.Pid,
            },
            WireJson.Default.WireExecDetail,
            ct);
    }
}
