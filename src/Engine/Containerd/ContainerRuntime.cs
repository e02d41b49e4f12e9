using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>What a container is made from.</summary>
/// <param name="SpecJson">OCI runtime spec.</param>
internal sealed record ContainerDraft(string Id, string Image, string ParentChainId, ReadOnlyMemory<byte> SpecJson, IReadOnlyDictionary<string, string> Labels);

/// <summary>The runtime a task is run by; everything the agent asks of it. All of containerd's task half is behind this class.</summary>
internal sealed partial class ContainerRuntime : IAsyncDisposable
{
    public const string RuntimeName = "io.containerd.runc.v2";
    private const string SpecType = "types.containerd.io/opencontainers/runtime-spec/1/Spec";
    private const string ProcessType = "types.containerd.io/opencontainers/runtime-spec/1/Process";

    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenKills = TimeSpan.FromMilliseconds(100);

    private readonly ContainerdClient _client;
    private readonly string _snapshotter;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ExitCache _exits = new();
    private readonly MissedExits _missed;
    private readonly ConcurrentDictionary<string, byte> _outOfMemory = new();
    private readonly TaskCompletionSource _standing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ended = new();
    private readonly EventStream _events;
    private readonly ContainerIndexLoop _indexing;
    private Task _listening = Task.CompletedTask;

    public ContainerRuntime(ContainerdClient client, string containerdNamespace, string snapshotter, Func<FoundContainer, string?> nameOf, IdSource ids, TimeProvider time, ILogger logger)
    {
        Containers = new ContainerIndex(nameOf);
        _indexing = new ContainerIndexLoop(client, Containers, time);
        Containers.Doubted = _indexing.Changed;
        _client = client;
        _snapshotter = snapshotter;
        _time = time;
        _logger = logger;
        _missed = new MissedExits(_exits, StateAsync, time, logger);
        _events = new EventStream(client, containerdNamespace, ids, time, logger)
        {
            OnExit = _exits.Record,
            OnOutOfMemory = id => _outOfMemory.TryAdd(id, 0),
            OnContainerChanged = _indexing.Changed,
            OnStanding = ReconcileAsync,
        };
    }

    /// <summary>The containers there are; what was created or deleted here is in it at once.</summary>
    public ContainerIndex Containers { get; }

    /// <summary>Begins to listen; returns once all containers are known and no end of a process can be missed any more.</summary>
    public async Task OpenAsync(CancellationToken ct)
    {
        _listening = Task.WhenAll(_events.RunAsync(_ended.Token), _indexing.RunAsync(_ended.Token));
        await _standing.Task.WaitAsync(ct);
    }

    /// <summary>Records the container and gives it a file system. A container of that id that is there already gets the new spec.</summary>
    /// <returns>Mounts of its root file system.</returns>
    public async Task<IReadOnlyList<Cd.MountPoint>> CreateAsync(ContainerDraft draft, CancellationToken ct)
    {
        // In this order: a snapshot nothing refers to is taken by the garbage collector.
        var record = new Cd.ContainerRecord
        {
            Id = draft.Id,
            Image = draft.Image,
            Runtime = new Cd.ContainerRecord.Types.RuntimeInfo { Name = RuntimeName },
            Spec = new Any { TypeUrl = SpecType, Value = UnsafeByteOperations.UnsafeWrap(draft.SpecJson) },
            Snapshotter = _snapshotter,
            SnapshotKey = draft.Id,
        };
        foreach ((string key, string value) in draft.Labels)
        {
            record.Labels.Add(key, value);
        }

        try
        {
            Containers.Put(FoundContainer.From((await _client.Containers.CreateAsync(new Cd.CreateContainerRequest { Container = record }, cancellationToken: ct)).Container));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            await ReplaceSpecAsync(draft.Id, draft.SpecJson, ct);
        }

        return await PrepareAsync(draft.Id, draft.ParentChainId, ct);
    }

    /// <summary>A writable snapshot on top of a chain, or the one there is under this key.</summary>
    public async Task<IReadOnlyList<Cd.MountPoint>> PrepareAsync(string key, string parentChainId, CancellationToken ct)
    {
        try
        {
            return (await _client.Snapshots.PrepareAsync(new Cd.PrepareSnapshotRequest { Snapshotter = _snapshotter, Key = key, Parent = parentChainId }, cancellationToken: ct)).Mounts;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            return (await _client.Snapshots.MountsAsync(new Cd.SnapshotKey { Snapshotter = _snapshotter, Key = key }, cancellationToken: ct)).Mounts;
        }
    }

    /// <summary>The OCI spec a container was made with; null when there is none of that id.</summary>
    public async Task<byte[]?> FindSpecAsync(string id, CancellationToken ct)
    {
        try
        {
            return (await _client.Containers.GetAsync(new Cd.GetContainerRequest { Id = id }, cancellationToken: ct)).Container.Spec?.Value.ToByteArray();
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Replaces the spec of a container that does not run yet.</summary>
    private async Task ReplaceSpecAsync(string id, ReadOnlyMemory<byte> specJson, CancellationToken ct)
    {
        var request = new Cd.UpdateContainerRequest
        {
            Container = new Cd.ContainerRecord { Id = id, Spec = new Any { TypeUrl = SpecType, Value = UnsafeByteOperations.UnsafeWrap(specJson) } },
            UpdateMask = new FieldMask { Paths = { "spec" } },
        };
        Containers.Put(FoundContainer.From((await _client.Containers.UpdateAsync(request, cancellationToken: ct)).Container));
    }

    /// <summary>Makes process 1, stopped before the program begins. Its output is appended to two existing files.</summary>
    /// <returns>Its pid on the host.</returns>
    public Task<int> CreateProcessAsync(string id, IReadOnlyList<Cd.MountPoint> rootfs, string stdoutPath, string stderrPath, bool tty, CancellationToken ct)
        => CreateProcessAsync(id, rootfs, stdinPath: "", stdoutPath, stderrPath, tty, ct);

    /// <param name="stdinPath">A named pipe; empty: no input.</param>
    public async Task<int> CreateProcessAsync(
        string id, IReadOnlyList<Cd.MountPoint> rootfs, string stdinPath, string stdoutPath, string stderrPath, bool tty, CancellationToken ct)
    {
        // A terminal has one output.
        var request = new Cd.CreateTaskRequest { ContainerId = id, Stdin = stdinPath, Stdout = stdoutPath, Stderr = tty ? "" : stderrPath, Terminal = tty };
        request.Rootfs.AddRange(rootfs);
        try
        {
            return (int)(await _client.Tasks.CreateAsync(request, cancellationToken: ct)).Pid;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            // Left by an attempt whose answer was lost.
            Cd.ProcessState? state = await StateAsync(ProcessKey.Main(id), ct);
            if (state is { Status: Cd.ProcessStatus.Created or Cd.ProcessStatus.Running })
            {
                return (int)state.Pid;
            }

            await DeleteProcessAsync(id, ct);
            return (int)(await _client.Tasks.CreateAsync(request, cancellationToken: ct)).Pid;
        }
    }

    public async Task StartAsync(string id, CancellationToken ct)
    {
        try
        {
            await _client.Tasks.StartAsync(new Cd.StartRequest { ContainerId = id }, cancellationToken: ct);
        }
        catch (RpcException) when (!ct.IsCancellationRequested)
        {
            // The answer may have been lost with containerd; what counts is whether the process was started.
            if (await StateAsync(ProcessKey.Main(id), ct) is not { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Stopped })
            {
                throw;
            }
        }
    }

    /// <summary>The end of process 1, also when it ended before; <see cref="ProcessExit.Unknown"/> if containerd lost it.</summary>
    public async Task<ProcessExit> WaitAsync(string id, CancellationToken ct)
    {
        Task<ProcessExit> ended = _exits.WhenEnded(ProcessKey.Main(id));
        if (!ended.IsCompleted)
        {
            await _missed.CheckAsync(ProcessKey.Main(id), ct);
        }

        return await ended.WaitAsync(ct);
    }

    /// <summary>Before process 1 of a container that ran already is made again: its former end is not its next one.</summary>
    public void ForgetExit(string id)
    {
        _exits.Forget(ProcessKey.Main(id));
        _outOfMemory.TryRemove(id, out _);
    }

    /// <summary>No further input: the program reads its end once the pipe is empty.</summary>
    public Task CloseInputAsync(string id, CancellationToken ct)
        => Tolerate(_client.Tasks.CloseIOAsync(new Cd.CloseIORequest { ContainerId = id, Stdin = true }, cancellationToken: ct).ResponseAsync, StatusCode.NotFound);

    public async Task ResizeAsync(string id, int columns, int rows, CancellationToken ct)
        => await _client.Tasks.ResizePtyAsync(new Cd.ResizePtyRequest { ContainerId = id, Width = (uint)columns, Height = (uint)rows }, cancellationToken: ct);

    public async Task PauseAsync(string id, CancellationToken ct) => await _client.Tasks.PauseAsync(new Cd.PauseTaskRequest { ContainerId = id }, cancellationToken: ct);

    public async Task ResumeAsync(string id, CancellationToken ct) => await _client.Tasks.ResumeAsync(new Cd.ResumeTaskRequest { ContainerId = id }, cancellationToken: ct);

    /// <summary>Changes the limits of a running container.</summary>
    /// <param name="resourcesJson">OCI <c>linux.resources</c>; what it does not name stays.</param>
    public async Task UpdateAsync(string id, ReadOnlyMemory<byte> resourcesJson, CancellationToken ct)
        => await _client.Tasks.UpdateAsync(
            new Cd.UpdateTaskRequest
            {
                ContainerId = id,
                Resources = new Any { TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources", Value = UnsafeByteOperations.UnsafeWrap(resourcesJson) },
            },
            cancellationToken: ct);

    public bool RanOutOfMemory(string id) => _outOfMemory.ContainsKey(id);

    /// <summary>Sends a signal to process 1. False when it has ended.</summary>
    public async Task<bool> KillAsync(string id, int signal, bool all, CancellationToken ct)
    {
        try
        {
            await _client.Tasks.KillAsync(new Cd.KillRequest { ContainerId = id, Signal = (uint)signal, All = all }, cancellationToken: ct);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Runs a further process in a container to its end.</summary>
    /// <param name="processJson">OCI process.</param>
    /// <param name="outputPath">Existing file that gets both outputs.</param>
    /// <returns>Null when it did not end within <paramref name="limit"/> and was killed.</returns>
    /// <exception cref="RpcException">The runtime refused it; Unavailable: containerd went away before it was started.</exception>
    public async Task<ProcessExit?> ExecAsync(string id, string execId, ReadOnlyMemory<byte> processJson, string outputPath, TimeSpan limit, CancellationToken ct)
    {
        var key = new ProcessKey(id, execId);
        try
        {
            await _client.Tasks.ExecAsync(
                new Cd.ExecProcessRequest
                {
                    ContainerId = id,
                    ExecId = execId,
                    Stdout = outputPath,
                    Stderr = outputPath,
                    Spec = new Any { TypeUrl = ProcessType, Value = UnsafeByteOperations.UnsafeWrap(processJson) },
                },
                cancellationToken: ct);
            // Not earlier: a process containerd does not know yet would be taken for a lost one.
            Task<ProcessExit> ended = _exits.WhenEnded(key);
            try
            {
                await StartFurtherAsync(key, ct);
                return await ended.WaitAsync(limit, _time, ct);
            }
            catch (TimeoutException)
            {
                await Tolerate(
                    _client.Tasks.KillAsync(new Cd.KillRequest { ContainerId = id, ExecId = execId, Signal = 9 }, cancellationToken: ct).ResponseAsync, StatusCode.NotFound);
                await ended.WaitAsync(ct);
                return null;
            }
            catch (Exception) when (ct.IsCancellationRequested && !ended.IsCompleted)
            {
                // Given up, perhaps in the middle of its start: nobody would end it any more.
                await KillFurtherAsync(key, ended);
                throw;
            }
            finally
            {
                await Tolerate(
                    _client.Tasks.DeleteProcessAsync(new Cd.DeleteProcessRequest { ContainerId = id, ExecId = execId }, cancellationToken: CancellationToken.None).ResponseAsync,
                    StatusCode.NotFound, StatusCode.Unknown, StatusCode.FailedPrecondition);
            }
        }
        finally
        {
            _exits.Forget(key);
        }
    }

    /// <summary>Ends a process that an engine before this one, which was killed, left in a container. None of that id is no error.</summary>
    public async Task EndLeftAsync(ProcessKey key)
    {
        await KillFurtherAsync(key, _exits.WhenEnded(key));
        await EndProcessAsync(key);
    }

    /// <summary>State of process 1; null when there is none.</summary>
    public Task<Cd.ProcessState?> StateAsync(string id, CancellationToken ct) => StateAsync(ProcessKey.Main(id), ct);

    public async Task<IReadOnlyList<Cd.ProcessState>> ListProcessesAsync(CancellationToken ct)
        => (await _client.Tasks.ListAsync(new Cd.ListTasksRequest(), cancellationToken: ct)).Tasks;

    /// <summary>Removes what is left of a container whose process has ended (or is killed here). Absent parts are no error.</summary>
    /// <remarks>Its record goes last: as long as anything is left, the container is seen and can be removed again.</remarks>
    public async Task DeleteAsync(string id, CancellationToken ct)
    {
        await DeleteProcessAsync(id, ct);
        await DeleteRecordAsync(id, ct);
    }

    /// <summary>The last part of <see cref="DeleteAsync"/>, for whoever has other things to remove between it and <see cref="DeleteProcessAsync"/>.</summary>
    public async Task DeleteRecordAsync(string id, CancellationToken ct)
    {
        await RemoveSnapshotAsync(id, ct);
        await Tolerate(_client.Containers.DeleteAsync(new Cd.DeleteContainerRequest { Id = id }, cancellationToken: ct).ResponseAsync, StatusCode.NotFound);
        Containers.Remove(id);
        _exits.Forget(ProcessKey.Main(id));
        _outOfMemory.TryRemove(id, out _);
    }

    public Task RemoveSnapshotAsync(string key, CancellationToken ct)
        => Tolerate(_client.Snapshots.RemoveAsync(new Cd.SnapshotKey { Snapshotter = _snapshotter, Key = key }, cancellationToken: ct).ResponseAsync, StatusCode.NotFound);

    /// <summary>Bytes and files a snapshot adds to its parent.</summary>
    public async Task<long> SizeAsync(string key, CancellationToken ct)
    {
        try
        {
            return (await _client.Snapshots.UsageAsync(new Cd.SnapshotKey { Snapshotter = _snapshotter, Key = key }, cancellationToken: ct)).Size;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return 0;
        }
    }

    /// <summary>Ends what is left of process 1 and lets its shim go; the container's record stays.</summary>
    public async Task DeleteProcessAsync(string id, CancellationToken ct)
    {
        for (int attempt = 0; attempt < 3; attempt++)
        {
            try
            {
                await _client.Tasks.DeleteAsync(new Cd.DeleteTaskRequest { ContainerId = id }, cancellationToken: ct);
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
            {
                return;
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unknown or StatusCode.FailedPrecondition)
            {
                // Still running: end it first.
                if (await KillAsync(id, 9, all: true, ct))
                {
                    await WaitAsync(id, ct);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _listening.SuppressThrowingAsync();
        _ended.Dispose();
        _indexing.Dispose();
    }

    private async Task ReconcileAsync(CancellationToken ct)
    {
        await _indexing.RebuildAsync(ct);
        IReadOnlyCollection<ProcessKey> silent = await _missed.CheckAllAsync(ct);
        if (!_standing.TrySetResult())
        {
            EngineLog.EventStreamReconnected(_logger, _exits.Awaited.Count);
        }

        await _missed.RetryAsync(silent, ct);
    }

    private async Task<Cd.ProcessState?> StateAsync(ProcessKey key, CancellationToken ct)
    {
        try
        {
            return (await _client.Tasks.GetAsync(new Cd.GetTaskRequest { ContainerId = key.Container, ExecId = key.Exec }, cancellationToken: ct)).Process;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Kills a further process and gives it a moment to end; whoever calls has no time to lose.</summary>
    private async Task KillFurtherAsync(ProcessKey key, Task ended)
    {
        using var brief = new CancellationTokenSource(LongestFarewell, _time);
        try
        {
            while (true)
            {
                // One that is just being started cannot be killed yet.
                await Tolerate(
                    _client.Tasks.KillAsync(new Cd.KillRequest { ContainerId = key.Container, ExecId = key.Exec, Signal = 9 }, cancellationToken: brief.Token).ResponseAsync,
                    StatusCode.FailedPrecondition, StatusCode.Unknown);
                await Task.WhenAny(ended, Task.Delay(BetweenKills, _time, brief.Token));
                if (ended.IsCompleted)
                {
                    return;
                }

                brief.Token.ThrowIfCancellationRequested();
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            EngineLog.ProcessLeft(_logger, key.Exec, key.Container, e is RpcException rpc ? rpc.Status.Detail : e.Message);
        }
    }

    private static async Task Tolerate(Task call, params StatusCode[] expected)
    {
        try
        {
            await call;
        }
        catch (RpcException e) when (expected.Contains(e.StatusCode))
        {
            return;
        }
    }
}
