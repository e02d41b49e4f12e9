using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>Paths of a process's pipes or files; empty: nothing there.</summary>
internal sealed record ProcessStreams(string Stdin = "", string Stdout = "", string Stderr = "", bool Terminal = false);

internal sealed partial class ContainerRuntime
{
    /// <summary>Starts a further process in a container. <see cref="EndProcessAsync"/> must follow its end, or a failure here.</summary>
    /// <param name="processJson">OCI process.</param>
    /// <exception cref="RpcException">The runtime refused it; the detail says why.</exception>
    public async Task<(int Pid, Task<ProcessExit> Ended)> StartProcessAsync(ProcessKey key, ReadOnlyMemory<byte> processJson, ProcessStreams streams, CancellationToken ct)
    {
        await _client.Tasks.ExecAsync(
            new Cd.ExecProcessRequest
            {
                ContainerId = key.Container,
                ExecId = key.Exec,
                Stdin = streams.Stdin,
                Stdout = streams.Stdout,
                Stderr = streams.Stderr,
                Terminal = streams.Terminal,
                Spec = new Any { TypeUrl = ProcessType, Value = UnsafeByteOperations.UnsafeWrap(processJson) },
            },
            cancellationToken: ct);
        Task<ProcessExit> ended = _exits.WhenEnded(key);
        return (await StartFurtherAsync(key, ct), ended);
    }

    /// <returns>Its pid on the host.</returns>
    /// <remarks>
    /// Never asked twice: when containerd dies in the middle, the shim gives the process up but keeps it as one that was not started. Started again, its end takes the
    /// shim down, and the container with it (containerd 1.6: "close of closed channel").
    /// </remarks>
    /// <exception cref="RpcException">Unavailable: containerd went away before it was started.</exception>
    private async Task<int> StartFurtherAsync(ProcessKey key, CancellationToken ct)
    {
        try
        {
            return (int)(await _client.TasksOnce.StartAsync(new Cd.StartRequest { ContainerId = key.Container, ExecId = key.Exec }, cancellationToken: ct)).Pid;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            // Only the answer may have been lost.
            if (await StateAsync(key, ct) is { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Stopped } state)
            {
                return (int)state.Pid;
            }

            throw;
        }
    }

    /// <summary>Lets the shim forget a process that has ended or never began.</summary>
    public async Task EndProcessAsync(ProcessKey key)
    {
        await Tolerate(
            _client.Tasks.DeleteProcessAsync(new Cd.DeleteProcessRequest { ContainerId = key.Container, ExecId = key.Exec }, cancellationToken: CancellationToken.None).ResponseAsync,
            StatusCode.NotFound, StatusCode.Unknown, StatusCode.FailedPrecondition);
        _exits.Forget(key);
    }

    /// <summary>Sets a terminal's size. A process that has ended is no error.</summary>
    public Task ResizeAsync(ProcessKey key, int width, int height, CancellationToken ct) => Tolerate(
        _client.Tasks.ResizePtyAsync(
            new Cd.ResizePtyRequest { ContainerId = key.Container, ExecId = key.Exec, Width = (uint)width, Height = (uint)height }, cancellationToken: ct).ResponseAsync,
        StatusCode.NotFound, StatusCode.FailedPrecondition);

    /// <summary>The shim holds the writing end of a process's input too; this lets it go.</summary>
    public Task CloseInputAsync(ProcessKey key, CancellationToken ct) => Tolerate(
        _client.Tasks.CloseIOAsync(new Cd.CloseIORequest { ContainerId = key.Container, ExecId = key.Exec, Stdin = true }, cancellationToken: ct).ResponseAsync,
        StatusCode.NotFound, StatusCode.FailedPrecondition, StatusCode.Unknown);

    /// <summary>Host pids of everything that runs in a container.</summary>
    public async Task<IReadOnlyList<int>> ListPidsAsync(string id, CancellationToken ct)
        => [.. (await _client.Tasks.ListPidsAsync(new Cd.ListPidsRequest { ContainerId = id }, cancellationToken: ct)).Processes.Select(p => (int)p.Pid)];

    /// <summary>What a container's root file system is mounted from; empty when its snapshot is gone.</summary>
    public async Task<IReadOnlyList<Cd.MountPoint>> RootMountsAsync(string id, CancellationToken ct)
    {
        try
        {
            return (await _client.Snapshots.MountsAsync(new Cd.SnapshotKey { Snapshotter = _snapshotter, Key = id }, cancellationToken: ct)).Mounts;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return [];
        }
    }
}
