using Skep.Engine.Health;
using Skep.Engine.Logs;
using Skep.Engine.Oci;

namespace Skep.Engine.Containers;

/// <summary>Those who are attached, and those who ask for health.</summary>
internal sealed partial class StandaloneContainer
{
    /// <summary>The output from now on; of a container that does not run yet: of its next run.</summary>
    public async Task<OutputReader> ReadOutputAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            if (_record.State is ContainerState.Created or ContainerState.Exited or ContainerState.Restarting)
            {
                _shop.Logs.Resume(Id);
            }

            ContainerLog log = _shop.Logs.Find(Id) ?? throw new ClusterException(ErrorKind.Internal, $"container {Id} has no output");
            return log.Read(fromBeginning: !_record.IsAlive);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task WriteInputAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        StdinPipe? pipe;
        await _gate.WaitAsync(ct);
        try
        {
            OpenInput();
            pipe = _stdin;
        }
        finally
        {
            _gate.Release();
        }

        if (pipe is not null)
        {
            await pipe.WriteAsync(data).WaitAsync(ct);
        }
    }

    /// <summary>A client's input has ended; with <c>StdinOnce</c> the program's ends too.</summary>
    public async Task EndInputAsync(CancellationToken ct)
    {
        if (!_record.Spec.StdinOnce || _record.Spec.Template.Container.Tty)
        {
            return;
        }

        await _gate.WaitAsync(ct);
        try
        {
            if (_record.IsAlive)
            {
                await CloseInputAsync(ct);
            }
            else
            {
                _stdinEnds = true; // Before the start: what was written waits in the pipe.
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private void OpenInput()
    {
        if (_record.Spec.Template.Container.OpenStdin)
        {
            _stdin ??= StdinPipe.Open(Path.Combine(_shop.Options.RunDirectory, "standalone", Id));
        }
    }

    private async Task CloseInputAsync(CancellationToken ct)
    {
        await _shop.Runtime.CloseInputAsync(Id, ct);
        _stdin?.Dispose();
        _stdin = null;
        _stdinEnds = false;
    }

    private async Task ProbeAsync(CancellationToken ct)
    {
        if (await _maker.HealthAsync(_record, ct) is not { } plan)
        {
            return;
        }

        byte[] spec = await _shop.Runtime.FindSpecAsync(Id, ct) ?? [];
        byte[] process = SpecWriter.WriteFurtherProcess(spec, plan.Args);
        var tracker = new HealthTracker(plan, _record.StartedAt ?? _shop.Time.GetUtcNow());
        Health = tracker.Present;
        await HealthCheckRun.EndLeftAsync(_shop, Id, _shop.Files.ProbePath(_record.Sandbox));
        while (true)
        {
            await Task.Delay(tracker.NextInterval(_shop.Time.GetUtcNow()), _shop.Time, ct);
            HealthState before = tracker.Present.State;
            if (await ProbeOnceAsync(process, plan.Timeout, ct) is not { } probe)
            {
                continue;
            }

            tracker = tracker.After(probe);
            Health = tracker.Present;
            if (tracker.Present.State != before)
            {
                Publish($"health_status: {tracker.Present.State.ToString().ToLowerInvariant()}");
            }
        }
    }

    /// <summary>An output that cannot be kept is a failed probe here: nobody would replace the container.</summary>
    private async Task<LocalHealthProbe?> ProbeOnceAsync(byte[] process, TimeSpan limit, CancellationToken ct)
    {
        DateTimeOffset start = _shop.Time.GetUtcNow();
        try
        {
            return await HealthCheckRun.ProbeAsync(_shop, Id, process, _shop.Files.ProbePath(_record.Sandbox), limit, ct);
        }
        catch (IOException e) when (!ct.IsCancellationRequested)
        {
            return new LocalHealthProbe(start, _shop.Time.GetUtcNow(), -1, e.Message);
        }
    }
}
