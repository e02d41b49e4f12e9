using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Engine.Containerd;
using Skep.Engine.Health;
using Skep.Engine.Images;
using Skep.Engine.Logs;
using Skep.Engine.Networks;
using Skep.Engine.Oci;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containers;

/// <summary>Starting, ending, starting again.</summary>
internal sealed partial class StandaloneContainer
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <returns>False when it runs already.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the runtime refuses it, in its words.</exception>
    public async Task<bool> StartAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            switch (_record.State)
            {
                case ContainerState.Paused:
                    throw Conflict("cannot start a paused container, try unpause instead");
                case ContainerState.Running:
                    return false;
                case ContainerState.Removing or ContainerState.Dead:
                    throw Conflict($"container {Id} is marked for removal and cannot be started");
            }

            _restarting.TrySetResult();
            _pause = TimeSpan.Zero;
            Save(_record with { WasStopped = false, RestartCount = 0 });
            // A client that goes away in the middle must not leave half a start behind.
            await StartLockedAsync(_agentEnd);
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Goes on with what an earlier agent, or an earlier boot of the machine, left. What fails at first is tried again by its supervisor: the others must not wait for it.</summary>
    public async Task AdoptAsync(CancellationToken ct)
    {
        try
        {
            await AdoptNowAsync(ct);
        }
        catch (Exception e) when (e is RpcException or ClusterException or IOException or UnauthorizedAccessException && !ct.IsCancellationRequested)
        {
            EngineLog.StandaloneFailed(_shop.Logger, Id, e.Message, FirstPause, e);
            Supervision = Task.Run(() => SuperviseAsync(_agentEnd), CancellationToken.None);
        }
    }

    private async Task AdoptNowAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            if (_record.State == ContainerState.Removing)
            {
                await RemoveLockedAsync(withVolumes: false, ct);
                return;
            }

            Cd.ProcessState? process = _record.BootId == _shop.Host.BootId ? await _shop.Runtime.StateAsync(Id, ct) : null;
            if (process is { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused })
            {
                Save(_record with { State = process.Status == Cd.ProcessStatus.Paused ? ContainerState.Paused : ContainerState.Running });
                OpenInput();
                Supervision = Task.Run(() => SuperviseAsync(_agentEnd), CancellationToken.None);
                return;
            }

            if (_record.IsAlive)
            {
                await EndLockedAsync(process is { Status: Cd.ProcessStatus.Stopped } ? (int)process.ExitStatus : ProcessExit.Unknown, process?.ExitedAt?.ToDateTimeOffset(), ct);
                if (_record.Spec.AutoRemove)
                {
                    await RemoveLockedAsync(withVolumes: true, ct);
                    return;
                }
            }

            bool hasRun = _record.State is ContainerState.Restarting || (_record.State == ContainerState.Exited && _record.StartedAt is not null);
            if (hasRun && RestartDecision.IsDueAtBoot(_record.Spec.Restart, _record.ExitCode, _record.RestartCount, _record.WasStopped))
            {
                Save(_record with { State = ContainerState.Restarting });
                Supervision = Task.Run(() => SuperviseAsync(_agentEnd), CancellationToken.None);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task StartLockedAsync(CancellationToken ct)
    {
        await _shop.Slots.WaitAsync(ct);
        try
        {
            JoinedNetworks joined = await _networks.JoinAsync(_record, ct);
            Save(_record with { Networks = joined.Plugged, BootId = _shop.Host.BootId });
            StoredImage image = await _maker.CreateAsync(_record, joined.Network, ct);
            ContainerLog log = _shop.Logs.Open(Id, LogsOf(_record.Spec))!;
            _shop.Logs.Resume(Id);
            OpenInput();
            _shop.Runtime.ForgetExit(Id);
            IReadOnlyList<Cd.MountPoint> rootfs = await _shop.Runtime.PrepareAsync(Id, image.ChainId, ct);
            bool tty = _record.Spec.Template.Container.Tty;
            await _shop.Runtime.CreateProcessAsync(Id, rootfs, _stdin?.Path ?? "", log.StdoutPath, log.StderrPath, tty, ct);
            await _shop.Runtime.StartAsync(Id, ct);
            Save(_record with { State = ContainerState.Running, StartedAt = _shop.Time.GetUtcNow(), FinishedAt = null, ExitCode = 0, Error = "", OutOfMemory = false });
            if (_stdinEnds)
            {
                await CloseInputAsync(ct);
            }

            Health = HealthPlan.From(_record.Spec.Template.Container.HealthCheck, image.Contents.Settings) is null ? null : new LocalHealth(HealthState.Starting, 0, []);
            PublishConnections("connect");
            Publish("start");
            if (Supervision.IsCompleted)
            {
                Supervision = Task.Run(() => SuperviseAsync(_agentEnd), CancellationToken.None);
            }
        }
        catch (Exception e) when (e is RpcException or ClusterException or IOException && !ct.IsCancellationRequested)
        {
            await CleanUpAsync(ct);
            string message = e is RpcException rpc ? rpc.Status.Detail : e.Message;
            int code = message.Contains("no such file or directory", StringComparison.Ordinal) || message.Contains("executable file not found", StringComparison.Ordinal) ? 127
                : message.Contains("permission denied", StringComparison.Ordinal) ? 126 : 128;
            Save(_record with { State = _record.StartedAt is null ? ContainerState.Created : ContainerState.Exited, ExitCode = code, Error = message, FinishedAt = _record.StartedAt is null ? null : _shop.Time.GetUtcNow() });
            Finish(code);
            throw e is ClusterException ? e : new ClusterException(ErrorKind.InvalidArgument, $"failed to create task for container: {message}", e);
        }
        finally
        {
            _shop.Slots.Release();
        }
    }

    /// <summary>One life after the other, until the policy says that was the last. What cannot be done now is tried again: nobody else would see to the container.</summary>
    private async Task SuperviseAsync(CancellationToken ct)
    {
        TimeSpan pause = FirstPause;
        while (true)
        {
            try
            {
                if (!await GoOnAsync(ct))
                {
                    return;
                }

                pause = FirstPause;
                continue;
            }
            catch (Exception e) when (e is OperationCanceledException or RpcException && ct.IsCancellationRequested)
            {
                return; // The agent ends; the container goes on.
            }
            catch (Exception e)
            {
                // The supervisor of one container's life: the others go on.
                EngineLog.StandaloneFailed(_shop.Logger, Id, e.Message, pause, e);
            }

            await Task.Delay(pause, _shop.Time, ct).SuppressThrowingAsync();
            pause = Backoff.Next(pause, LongestPause);
        }
    }

    /// <returns>False when there is nothing more to wait for.</returns>
    private async Task<bool> GoOnAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (_record.IsAlive)
        {
            await WatchAsync(ct);
            return true;
        }

        switch (_record.State)
        {
            case ContainerState.Restarting:
                return await StartAgainAsync(ct);
            case ContainerState.Removing when !_removed.Task.IsCompleted:
                await RemoveAsync(force: false, withVolumes: false, ct);
                return false;
            default:
                return false;
        }
    }

    private async Task WatchAsync(CancellationToken ct)
    {
        using var probing = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task probes = ProbeAsync(probing.Token);
        ProcessExit exit;
        try
        {
            exit = await _shop.Runtime.WaitAsync(Id, ct);
        }
        finally
        {
            await probing.CancelAsync();
            await probes.SuppressThrowingAsync();
        }

        await _gate.WaitAsync(ct);
        try
        {
            await EndLockedAsync(exit.Code, exit.At, ct);
            if (RestartDecision.IsDue(_record.Spec.Restart, exit.Code, _record.RestartCount, _record.WasStopped))
            {
                _pause = RestartDecision.Pause(_pause, (_record.FinishedAt - _record.StartedAt) ?? TimeSpan.Zero);
                _restarting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Save(_record with { State = ContainerState.Restarting });
            }

            Finish(exit.Code);
            if (_record.Spec.AutoRemove && _record.State == ContainerState.Exited)
            {
                await RemoveLockedAsync(withVolumes: true, ct);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <returns>False when somebody else started, stopped or removed it meanwhile, or its policy gives up.</returns>
    private async Task<bool> StartAgainAsync(CancellationToken ct)
    {
        Task asked = _restarting.Task;
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(asked, Task.Delay(_pause, _shop.Time, timer.Token));
        await timer.CancelAsync();
        ct.ThrowIfCancellationRequested();
        await _gate.WaitAsync(ct);
        try
        {
            if (_record.State != ContainerState.Restarting)
            {
                return _record.IsAlive;
            }

            Save(_record with { RestartCount = _record.RestartCount + 1 });
            try
            {
                await StartLockedAsync(ct);
                return true;
            }
            catch (ClusterException e)
            {
                EngineLog.StandaloneNotRestarted(_shop.Logger, Id, e.Message);
                if (!RestartDecision.IsDue(_record.Spec.Restart, _record.ExitCode, _record.RestartCount, _record.WasStopped))
                {
                    return false;
                }

                _pause = RestartDecision.Pause(_pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : _pause, TimeSpan.Zero);
                Save(_record with { State = ContainerState.Restarting });
                return true;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task EndLockedAsync(int code, DateTimeOffset? at, CancellationToken ct)
    {
        string cgroup = $"{_shop.Options.CgroupParent.TrimEnd('/')}/{Id}";
        bool outOfMemory = _shop.Runtime.RanOutOfMemory(Id) || CgroupFiles.OutOfMemoryKills(_shop.Options.CgroupRoot, _shop.Host.CgroupV2, cgroup) > 0;
        await CleanUpAsync(ct);
        Health = null;
        Save(_record with { State = ContainerState.Exited, ExitCode = code, FinishedAt = at ?? _shop.Time.GetUtcNow(), OutOfMemory = outOfMemory });
        if (outOfMemory)
        {
            Publish("oom");
        }

        Publish("die", ("exitCode", code.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        PublishConnections("disconnect");
    }

    /// <summary>Frees what only a running container needs; its file system and log stay.</summary>
    private async Task CleanUpAsync(CancellationToken ct)
    {
        await _shop.Runtime.DeleteProcessAsync(Id, ct);
        await _shop.Logs.FinishAsync(Id);
        _stdin?.Dispose();
        _stdin = null;
        _stdinEnds = false;
        await _networks.LeaveAsync(_record, ct);
        _shop.Files.Remove(_record.Sandbox);
    }

    private void Finish(int code)
    {
        TaskCompletionSource<int> ended = _ended;
        _ended = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        ended.TrySetResult(code);
    }
}
