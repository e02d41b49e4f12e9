using Grpc.Core;
using Skep.Engine.Containerd;

namespace Skep.Engine.Exec;

/// <summary>One exec from its creation until a while after its end. It goes on without whoever attached to it.</summary>
internal sealed class ExecSession(string id, string containerId, ExecRequest request, byte[] process, ContainerRuntime runtime, string directory, TimeProvider time)
{
    private const int NotFoundCode = 127;
    private const int NotExecutableCode = 126;

    /// <summary>What a process that ended may still have in its pipes; longer, and a child of it holds them open.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    private readonly ProcessKey _key = new(containerId, id);
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isTaken;
    private bool _isRunning;
    private int _pid;
    private int? _exitCode;

    public string ContainerId => containerId;

    public bool Tty => request.Tty;

    /// <summary>Also when it could not be started.</summary>
    public Task WhenStarted => _started.Task;

    public DateTimeOffset? EndedAt { get; private set; }

    public DateTimeOffset CreatedAt { get; } = time.GetUtcNow();

    public LocalExec View()
    {
        lock (_gate)
        {
            return new LocalExec(id, containerId, request, _isRunning, _pid, _exitCode);
        }
    }

    /// <summary>Only one may start it.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): it runs or has run.</exception>
    public void Take()
    {
        lock (_gate)
        {
            if (_exitCode is not null)
            {
                throw new ClusterException(ErrorKind.AlreadyExists, $"Error: Exec command {id} has already run");
            }

            if (_isTaken)
            {
                throw new ClusterException(ErrorKind.AlreadyExists, $"Error: Exec command {id} is already running");
            }

            _isTaken = true;
        }
    }

    /// <summary>Runs it to its end; every stream is closed and the exit code is known then.</summary>
    /// <param name="streams">Null: detached.</param>
    /// <exception cref="ClusterException">It could not be started; in the runtime's words.</exception>
    public async Task RunAsync(AttachedStreams? streams, (int Width, int Height)? size)
    {
        Directory.CreateDirectory(directory);
        using var ended = new CancellationTokenSource();
        Fifo? input = null;
        var outputs = new List<(Fifo Pipe, Task Reading)>();
        Task typing = Task.CompletedTask;
        try
        {
            if (streams?.Input is not null && request.AttachStdin)
            {
                input = Fifo.Make(PipePath("in"), forWriting: true);
            }
            // A terminal has an end for its output even when nobody listens; the runtime refuses one without.
            if (request.Tty || (streams is not null && request.AttachStdout))
            {
                outputs.Add(Reading(1, streams));
            }

            if (streams is not null && request.AttachStderr && !request.Tty)
            {
                outputs.Add(Reading(2, streams));
            }

            (int pid, Task<ProcessExit> exit) = await StartAsync(new ProcessStreams(
                input?.Path ?? "", outputs.Find(o => o.Pipe.Path.EndsWith("-1", StringComparison.Ordinal)).Pipe?.Path ?? "",
                outputs.Find(o => o.Pipe.Path.EndsWith("-2", StringComparison.Ordinal)).Pipe?.Path ?? "", request.Tty));
            lock (_gate)
            {
                _pid = pid;
                _isRunning = true;
            }

            _started.TrySetResult();
            if (size is { Width: > 0, Height: > 0 } asked)
            {
                await runtime.ResizeAsync(_key, asked.Width, asked.Height, CancellationToken.None);
            }

            if (input is not null)
            {
                typing = TypeAsync(input, streams!.Input!, ended.Token);
            }

            ProcessExit end = await exit;
            await Task.WhenAll(outputs.Select(o => o.Reading)).WaitAsync(DrainLimit, time).SuppressThrowingAsync();
            End(end.Code);
        }
        finally
        {
            _started.TrySetResult();
            await ended.CancelAsync();
            input?.Stop();
            foreach ((Fifo pipe, _) in outputs)
            {
                pipe.Stop();
            }

            await typing.SuppressThrowingAsync();
            foreach ((Fifo pipe, Task reading) in outputs)
            {
                await reading.SuppressThrowingAsync();
                pipe.Dispose();
            }

            input?.Dispose();
            await runtime.EndProcessAsync(_key);
        }
    }

    /// <summary>Waits for the start first: clients ask for a size as soon as they have sent the request.</summary>
    public async Task ResizeAsync(int width, int height, CancellationToken ct)
    {
        await _started.Task.WaitAsync(TimeSpan.FromSeconds(10), time, ct);
        await runtime.ResizeAsync(_key, width, height, ct);
    }

    private async Task<(int Pid, Task<ProcessExit> Ended)> StartAsync(ProcessStreams streams)
    {
        try
        {
            return await runtime.StartProcessAsync(_key, process, streams, CancellationToken.None);
        }
        catch (RpcException e)
        {
            string reason = e.Status.Detail;
            bool isMissing = reason.Contains("executable file not found", StringComparison.Ordinal) || reason.Contains("no such file or directory", StringComparison.Ordinal);
            End(isMissing ? NotFoundCode : NotExecutableCode);
            throw new ClusterException(ErrorKind.InvalidArgument, reason, e);
        }
    }

    private (Fifo Pipe, Task Reading) Reading(byte stream, AttachedStreams? streams)
    {
        Fifo pipe = Fifo.Make(PipePath(stream == 1 ? "1" : "2"), forWriting: false);
        bool isHeard = streams is not null;
        // Without a reader the rest is dropped: the process must not wait for somebody who has gone.
        return (pipe, pipe.ReadAsync(async data => isHeard = isHeard && await streams!.Output(stream, data, CancellationToken.None)));
    }

    private async Task TypeAsync(Fifo input, Func<Memory<byte>, CancellationToken, Task<int>> read, CancellationToken ct)
    {
        byte[] buffer = new byte[32 * 1024];
        while (await read(buffer, ct) is int count && count > 0)
        {
            if (!await input.WriteAsync(buffer.AsMemory(0, count)))
            {
                return;
            }
        }

        input.CloseEnd();
        await runtime.CloseInputAsync(_key, ct);
    }

    private void End(int code)
    {
        lock (_gate)
        {
            _isRunning = false;
            _pid = 0;
            _exitCode = code;
            EndedAt = time.GetUtcNow();
        }
    }

    private string PipePath(string which) => Path.Combine(directory, $"{id}-{which}");
}
