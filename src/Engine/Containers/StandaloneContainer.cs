using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Engine.Containerd;
using Skep.Engine.Logs;
using Skep.Engine.Networks;
using Skep.Engine.Oci;

namespace Skep.Engine.Containers;

/// <summary>One standalone container and all that can be done to it. Changes come one at a time; waiting for its end holds up nobody.</summary>
internal sealed partial class StandaloneContainer : IDisposable
{
    private readonly EngineContext _shop;
    private readonly StandaloneRecords _records;
    private readonly IStandaloneNetworks _networks;
    private readonly ContainerFactory _maker;
    private readonly Action<StandaloneContainer> _forget;
    private readonly CancellationToken _agentEnd;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly TaskCompletionSource<int> _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile StandaloneRecord _record;
    private TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _restarting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _pause;
    private StdinPipe? _stdin;
    private bool _stdinEnds;

    public StandaloneContainer(
        EngineContext shop, StandaloneRecords records, IStandaloneNetworks networks, ContainerFactory maker, StandaloneRecord record, bool isRecorded, Action<StandaloneContainer> forget, CancellationToken agentEnd)
    {
        IsRecorded = isRecorded;
        _shop = shop;
        _records = records;
        _networks = networks;
        _maker = maker;
        _record = record;
        _forget = forget;
        _agentEnd = agentEnd;
    }

    public StandaloneRecord Record => _record;

    public string Id => _record.Id;

    /// <summary>False while it is being made.</summary>
    public bool IsRecorded { get; private set; }

    /// <summary>Null: none is asked for, or it does not run.</summary>
    public LocalHealth? Health { get; private set; }

    /// <summary>Ends when the supervisor of its present life does.</summary>
    public Task Supervision { get; private set; } = Task.CompletedTask;

    /// <summary>What is known of it without containerd.</summary>
    public FoundContainer ToFound() => new(Id, _record.Spec.Template.Container.Image, _record.Spec.Template.Container.Labels, _record.CreatedAt, SpecReader.Unreadable);

    /// <summary>The image is here; makes file system, mounts and log, and writes everything down.</summary>
    public async Task CreateAsync(CancellationToken ct)
    {
        await _maker.CreateAsync(_record, network: null, ct);
        _shop.Logs.Open(Id, LogsOf(_record.Spec));
        await _shop.Logs.FinishAsync(Id);
        _records.Write(_record);
        IsRecorded = true;
        Publish("create");
    }

    public Task RenameAsync(string name, CancellationToken ct) => ChangeAsync(
        () =>
        {
            string old = _record.Name;
            Save(_record with { Name = name, Spec = _record.Spec with { Name = name } });
            Publish("rename", ("oldName", "/" + old));
        },
        ct);

    public async Task PauseAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            RequireRunning("cannot pause container");
            if (_record.State == ContainerState.Paused)
            {
                throw Conflict($"Container {Id} is already paused");
            }

            await _shop.Runtime.PauseAsync(Id, ct);
            Save(_record with { State = ContainerState.Paused });
            Publish("pause");
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task UnpauseAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            if (_record.State != ContainerState.Paused)
            {
                throw Conflict($"Container {Id} is not paused");
            }

            await _shop.Runtime.ResumeAsync(Id, ct);
            Save(_record with { State = ContainerState.Running });
            Publish("unpause");
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>New limits and restart policy; limits of a running container change at once.</summary>
    public async Task UpdateAsync(Func<StandaloneSpec, StandaloneSpec> change, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            StandaloneSpec spec = change(_record.Spec);
            if (_record.IsAlive && ContainerFactory.Limits(spec, _shop.Host) is var limits && limits != ContainerFactory.Limits(_record.Spec, _shop.Host))
            {
                await _shop.Runtime.UpdateAsync(Id, SpecWriter.WriteLimits(limits), ct);
            }

            Save(_record with { Spec = spec });
            Publish("update");
        }
        catch (RpcException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"Cannot update container {Id}: {e.Status.Detail}", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task ResizeAsync(int columns, int rows, CancellationToken ct)
    {
        RequireRunning("cannot resize");
        try
        {
            await _shop.Runtime.ResizeAsync(Id, columns, rows, ct);
            Publish("resize", ("height", rows.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("width", columns.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
        catch (RpcException e)
        {
            throw new ClusterException(ErrorKind.Internal, e.Status.Detail, e);
        }
    }

    /// <summary>The exit code once the condition holds.</summary>
    public async Task<int> WaitAsync(WaitCondition condition, CancellationToken ct)
    {
        Task<int> next;
        await _gate.WaitAsync(ct);
        try
        {
            if (condition == WaitCondition.NotRunning && !_record.IsAlive && _record.State != ContainerState.Restarting)
            {
                return _record.ExitCode;
            }

            next = condition == WaitCondition.Removed ? _removed.Task : _ended.Task;
        }
        finally
        {
            _gate.Release();
        }

        return await next.WaitAsync(ct);
    }

    public void Dispose()
    {
        _stdin?.Dispose();
        _gate.Dispose();
    }

    private async Task ChangeAsync(Action change, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            change();
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Save(StandaloneRecord record)
    {
        _record = record;
        _records.Write(record);
    }

    private void RequireRunning(string what)
    {
        if (!_record.IsAlive)
        {
            throw Conflict($"{what}: {Id}: container {Id} is not running");
        }
    }

    private void Publish(string action, params ReadOnlySpan<(string Key, string Value)> more)
        => _shop.Events.PublishContainer(action, Id, _record.Name, _record.Spec.Template.Container.Image, _record.Spec.Template.Container.Labels, more);

    private static ClusterException Conflict(string message) => new(ErrorKind.AlreadyExists, message);

    /// <summary>With driver none output is still spooled, for those who are attached; nobody may read it later.</summary>
    private LogSettings LogsOf(StandaloneSpec spec)
    {
        LogSettings settings = LogDrivers.Choose(spec.Template.LogDriver, _shop.Options);
        return settings.IsKept ? settings : new LogSettings(true, 64 * 1024, 1);
    }
}

/// <summary>What <c>docker wait</c> waits for.</summary>
public enum WaitCondition
{
    NotRunning,
    NextExit,
    Removed,
}
