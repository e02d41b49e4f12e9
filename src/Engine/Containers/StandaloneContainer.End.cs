using Skep.Engine.Oci;
using Skep.Engine.Volumes;

namespace Skep.Engine.Containers;

/// <summary>Ending and removing by hand.</summary>
internal sealed partial class StandaloneContainer
{
    /// <summary>Ends process 1: the signal, and after a while SIGKILL.</summary>
    /// <param name="signal">Empty: the container's own.</param>
    /// <param name="limit">Null: the container's own; infinite: never kill.</param>
    /// <returns>False when it does not run.</returns>
    public async Task<bool> StopAsync(string signal, TimeSpan? limit, CancellationToken ct)
    {
        Task<int> ended;
        await _gate.WaitAsync(ct);
        try
        {
            if (_record.State == ContainerState.Restarting)
            {
                Save(_record with { State = ContainerState.Exited, WasStopped = true });
                _restarting.TrySetResult();
                return true;
            }

            if (!_record.IsAlive)
            {
                Save(_record with { WasStopped = true });
                return false;
            }

            Save(_record with { WasStopped = true });
            ended = _ended.Task;
            if (_record.State == ContainerState.Paused)
            {
                await _shop.Runtime.ResumeAsync(Id, ct);
                Save(_record with { State = ContainerState.Running });
            }
        }
        finally
        {
            _gate.Release();
        }

        string asked = signal.Length > 0 ? signal : await _maker.StopSignalAsync(_record, ct);
        await SignalAsync(Signals.Parse(asked), ct);
        try
        {
            await ended.WaitAsync(limit ?? _record.Spec.Template.Container.EffectiveStopGracePeriod, _shop.Time, ct);
        }
        catch (TimeoutException)
        {
            await SignalAsync(Signals.Kill, ct);
            await ended.WaitAsync(ct);
        }

        Publish("stop");
        return true;
    }

    /// <summary>Sends a signal. SIGKILL and the stop signal count as the user's wish that it end.</summary>
    public async Task KillAsync(string signal, CancellationToken ct)
    {
        int number = Signals.Parse(signal.Length > 0 ? signal : "SIGKILL");
        if (!_record.IsAlive)
        {
            throw Conflict($"cannot kill container: {_record.Name}: container {Id} is not running");
        }

        if (number == Signals.Kill || number == Signals.Parse(await _maker.StopSignalAsync(_record, ct)))
        {
            await ChangeAsync(() => Save(_record with { WasStopped = true }), ct);
        }

        Task<int> ended = _ended.Task;
        await SignalAsync(number, ct);
        // Docker answers SIGKILL when the container has ended.
        if (number == Signals.Kill)
        {
            await ended.WaitAsync(ct);
        }
    }

    public async Task RestartAsync(string signal, TimeSpan? limit, CancellationToken ct)
    {
        await StopAsync(signal, limit, ct);
        await Supervision.WaitAsync(ct).SuppressThrowingAsync();
        ct.ThrowIfCancellationRequested();
        await StartAsync(ct);
        Publish("restart");
    }

    /// <summary>Removes it with its log and files. A removal that failed half-way is gone on with.</summary>
    /// <param name="force">Kills it first.</param>
    /// <param name="withVolumes">Its anonymous volumes go too.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): it runs.</exception>
    public async Task RemoveAsync(bool force, bool withVolumes, CancellationToken ct)
    {
        while (true)
        {
            Task<int> ended;
            await _gate.WaitAsync(ct);
            try
            {
                if (_removed.Task.IsCompleted)
                {
                    return;
                }

                if (!_record.IsAlive)
                {
                    _restarting.TrySetResult();
                    await RemoveLockedAsync(withVolumes, _agentEnd);
                    return;
                }

                if (!force)
                {
                    string state = _record.State == ContainerState.Paused ? "paused" : "running";
                    throw Conflict($"cannot remove container \"{_record.Name}\": container is {state}: {(state == "paused" ? "unpause and then " : "")}stop the container before removing or force remove");
                }

                Save(_record with { WasStopped = true, Spec = _record.Spec with { AutoRemove = false } });
                ended = _ended.Task;
            }
            finally
            {
                _gate.Release();
            }

            await SignalAsync(Signals.Kill, ct);
            await ended.WaitAsync(ct);
        }
    }

    private async Task SignalAsync(int number, CancellationToken ct)
    {
        await _shop.Runtime.KillAsync(Id, number, all: number == Signals.Kill, ct);
        Publish("kill", ("signal", number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>What can fail comes before containerd's own record goes: until the end the container is seen, and can be removed again.</summary>
    private async Task RemoveLockedAsync(bool withVolumes, CancellationToken ct)
    {
        if (_record.State != ContainerState.Removing || (withVolumes && !_record.RemovesVolumes))
        {
            Save(_record with { State = ContainerState.Removing, RemovesVolumes = withVolumes || _record.RemovesVolumes });
        }

        await _shop.Runtime.DeleteProcessAsync(Id, ct);
        await _networks.LeaveAsync(_record, ct);
        _shop.Mounts.Release(_record.Sandbox);
        if (_record.RemovesVolumes && _shop.Runtime.Containers.Find(Id)?.Spec is { } spec)
        {
            RemoveVolumes(spec);
        }

        await _shop.Logs.RemoveAsync(Id);
        _shop.Files.Remove(_record.Sandbox);
        await _shop.Runtime.DeleteRecordAsync(Id, ct);
        _records.Remove(Id);
        _forget(this);
        Publish("destroy");
        _removed.TrySetResult(_record.ExitCode);
        Finish(_record.ExitCode);
    }

    /// <summary>Only those made for this container: one it shares (volumes-from) stays with its owner.</summary>
    private void RemoveVolumes(SpecReader spec)
    {
        foreach (OciMount mount in spec.Mounts)
        {
            string name = MountResolver.AnonymousName(_record.Sandbox, mount.Destination);
            if (_shop.Volumes.Find(name) is { IsAnonymous: true })
            {
                _shop.Volumes.Remove(name);
            }
        }
    }
}
