using Grpc.Core;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;
using Skep.Engine.Logs;
using Skep.Engine.Oci;
using Skep.Engine.Volumes;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine;

/// <summary>What users do to containers of their own. Containers of tasks are the cluster's: signals and waiting are allowed there, the rest is refused.</summary>
public sealed partial class ContainerEngine
{
    /// <returns>Its id.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>: the image (a client then pulls) or a network; <see cref="ErrorKind.AlreadyExists"/>: the name.</exception>
    public async Task<string> CreateContainerAsync(StandaloneSpec spec, CancellationToken ct) => (await RuntimeErrorsAsync(() => _standalone.CreateAsync(spec, ct))).Id;

    /// <returns>False when it runs already.</returns>
    public async Task<bool> StartContainerAsync(string name, CancellationToken ct)
    {
        StandaloneContainer container = Own(name, "started");
        try
        {
            return await container.StartAsync(ct);
        }
        catch (ClusterException) when (container.Record.Spec.AutoRemove)
        {
            await container.RemoveAsync(force: true, withVolumes: true, CancellationToken.None);
            throw;
        }
    }

    /// <param name="signal">Empty: its own.</param>
    /// <param name="limit">Until SIGKILL; null: its own; infinite: never.</param>
    /// <returns>False when it does not run.</returns>
    public async Task<bool> StopContainerAsync(string name, string signal, TimeSpan? limit, CancellationToken ct)
    {
        FoundContainer found = FindContainer(name);
        if (_standalone.ById(found.Id) is { } own)
        {
            return await RuntimeErrorsAsync(() => own.StopAsync(signal, limit, ct));
        }

        return await StopTaskAsync(found, signal, limit, ct);
    }

    public async Task RestartContainerAsync(string name, string signal, TimeSpan? limit, CancellationToken ct)
    {
        StandaloneContainer container = Own(name, "restarted");
        await container.RestartAsync(signal, limit, ct);
    }

    /// <param name="signal">Empty: SIGKILL.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): it does not run.</exception>
    public async Task KillContainerAsync(string name, string signal, CancellationToken ct)
    {
        FoundContainer found = FindContainer(name);
        if (_standalone.ById(found.Id) is { } own)
        {
            await own.KillAsync(signal, ct);
            return;
        }

        int number = Signals.Parse(signal.Length > 0 ? signal : "SIGKILL");
        if (await _shop.Runtime.StateAsync(found.Id, ct) is not { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused }
            || !await _shop.Runtime.KillAsync(found.Id, number, all: number == Signals.Kill, ct))
        {
            throw new ClusterException(ErrorKind.AlreadyExists, $"cannot kill container: {NameOf(found)}: container {found.Id} is not running");
        }
    }

    public async Task PauseContainerAsync(string name, CancellationToken ct)
    {
        StandaloneContainer container = Own(name, "paused");
        await container.PauseAsync(ct);
    }

    public async Task UnpauseContainerAsync(string name, CancellationToken ct)
    {
        StandaloneContainer container = Own(name, "unpaused");
        await container.UnpauseAsync(ct);
    }

    public async Task RenameContainerAsync(string name, string newName, CancellationToken ct)
        => await _standalone.RenameAsync(Own(name, "renamed"), newName, ct);

    public async Task UpdateContainerAsync(string name, Func<StandaloneSpec, StandaloneSpec> change, CancellationToken ct)
    {
        StandaloneContainer container = Own(name, "updated");
        await container.UpdateAsync(change, ct);
    }

    public async Task ResizeContainerAsync(string name, int columns, int rows, CancellationToken ct)
    {
        FoundContainer found = FindContainer(name);
        if (_standalone.ById(found.Id) is { } own)
        {
            await own.ResizeAsync(columns, rows, ct);
        }
        else
        {
            await _shop.Runtime.ResizeAsync(found.Id, columns, rows, ct);
        }
    }

    /// <param name="withVolumes">Its anonymous volumes go too.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/> (HTTP 409): it runs and is not forced.</exception>
    public async Task RemoveContainerAsync(string name, bool force, bool withVolumes, CancellationToken ct)
    {
        FoundContainer found = FindContainer(name);
        if (_standalone.ById(found.Id) is { } own)
        {
            await RuntimeErrorsAsync(() => own.RemoveAsync(force, withVolumes, ct));
            return;
        }

        // A task's container is removed with its task; forced, it ends now and its service replaces it.
        if (!force)
        {
            throw new ClusterException(ErrorKind.AlreadyExists, $"cannot remove container \"{NameOf(found)}\": it belongs to a task of the cluster and goes with it; remove or scale the service, or force");
        }

        await _shop.Runtime.KillAsync(found.Id, Signals.Kill, all: true, ct);
    }

    /// <summary>Removes what has ended.</summary>
    /// <param name="wanted">Which of them.</param>
    public async Task<PruneReport> PruneContainersAsync(Func<LocalContainer, bool> wanted, CancellationToken ct)
    {
        var removed = new List<string>();
        long freed = 0;
        foreach (LocalContainer container in await ListContainersAsync(all: true, ct))
        {
            if (_standalone.ById(container.Id) is not { } own || own.Record.State is not (ContainerState.Created or ContainerState.Exited or ContainerState.Removing or ContainerState.Dead) || !wanted(container))
            {
                continue;
            }

            freed += await _shop.Runtime.SizeAsync(container.Id, ct);
            await own.RemoveAsync(force: false, withVolumes: false, ct);
            removed.Add(container.Id);
        }

        return new PruneReport(removed.ToValueList(), freed);
    }

    /// <summary>Begins to wait at once: what happens after this returned is not missed.</summary>
    /// <returns>The exit code, when the condition holds.</returns>
    public Task<int> WaitContainerAsync(string name, WaitCondition condition, CancellationToken ct)
    {
        FoundContainer found = FindContainer(name);
        return _standalone.ById(found.Id) is { } own ? own.WaitAsync(condition, ct) : TaskEndAsync(found.Id, ct);
    }

    /// <summary>Follows a container's output, and writes its input.</summary>
    public async Task<ContainerAttachment> AttachContainerAsync(string name, CancellationToken ct)
    {
        FoundContainer found = FindContainer(name);
        if (_standalone.ById(found.Id) is { } own)
        {
            if (own.Record.State == ContainerState.Paused)
            {
                throw new ClusterException(ErrorKind.AlreadyExists, $"container {own.Id} is paused, unpause the container before attach");
            }

            return new ContainerAttachment(own.Record.Spec.Template.Container.Tty, await own.ReadOutputAsync(ct), own);
        }

        ContainerLog log = _shop.Logs.Find(found.Id) ?? throw new ClusterException(ErrorKind.FailedPrecondition, "configured logging driver does not support reading");
        return new ContainerAttachment(found.Spec.Tty, log.Read(fromBeginning: false), null);
    }

    /// <summary>Bytes that a container's own layer takes, and its whole file system.</summary>
    public async Task<(long Own, long Whole)> MeasureContainerAsync(LocalContainer container, CancellationToken ct)
    {
        long own = await _shop.Runtime.SizeAsync(container.Id, ct);
        long image = (await _shop.Images.FindAsync(container.ImageId.Length > 0 ? container.ImageId : container.Image, ct))?.Contents.Layers.Sum(l => l.Size) ?? 0;
        return (own, own + image);
    }

    private StandaloneContainer Own(string name, string what)
    {
        FoundContainer found = FindContainer(name);
        return _standalone.ById(found.Id)
            ?? throw new ClusterException(ErrorKind.NotImplemented, $"container {NameOf(found)} belongs to a task of the cluster, which alone decides its life; it cannot be {what} by hand (docker service does that)");
    }

    private async Task<bool> StopTaskAsync(FoundContainer found, string signal, TimeSpan? limit, CancellationToken ct)
    {
        if (await _shop.Runtime.StateAsync(found.Id, ct) is not { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused })
        {
            return false;
        }

        Task<ProcessExit> ended = _shop.Runtime.WaitAsync(found.Id, ct);
        await _shop.Runtime.KillAsync(found.Id, Signals.Parse(signal.Length > 0 ? signal : "SIGTERM"), all: false, ct);
        try
        {
            await ended.WaitAsync(limit ?? TimeSpan.FromSeconds(10), _shop.Time, ct);
        }
        catch (TimeoutException)
        {
            await _shop.Runtime.KillAsync(found.Id, Signals.Kill, all: true, ct);
            await ended.WaitAsync(ct);
        }

        return true;
    }

    private async Task<int> TaskEndAsync(string id, CancellationToken ct) => (await _shop.Runtime.WaitAsync(id, ct)).Code;

    /// <summary>What failed below is told in words; the container is still there, and the same can be asked again.</summary>
    private static async Task RuntimeErrorsAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception e) when (e is RpcException or IOException or UnauthorizedAccessException)
        {
            throw new ClusterException(ErrorKind.Internal, e is RpcException rpc ? rpc.Status.Detail : e.Message, e);
        }
    }

    private static async Task<T> RuntimeErrorsAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (RpcException e)
        {
            throw new ClusterException(ErrorKind.Internal, e.Status.Detail, e);
        }
    }

    private LocalContainer Describe(StandaloneContainer container, Cd.ProcessState? process, SpecReader spec)
    {
        StandaloneRecord record = container.Record;
        StandaloneSpec wanted = record.Spec;
        string volumes = Path.Combine(_options.DataDirectory, "volumes");
        return new LocalContainer(record.Id, record.Name)
        {
            State = record.State,
            Image = wanted.Template.Container.Image,
            ImageId = record.ImageId,
            Command = spec.Args is ["/sbin/docker-init", "--", ..] ? spec.Args.Skip(2).ToValueList() : spec.Args,
            CreatedAt = record.CreatedAt,
            StartedAt = record.StartedAt,
            FinishedAt = record.FinishedAt,
            Pid = record.IsAlive ? (int)(process?.Pid ?? 0) : 0,
            ExitCode = record.IsAlive ? 0 : record.ExitCode,
            OomKilled = record.OutOfMemory,
            Error = record.Error,
            Health = container.Health,
            Labels = wanted.Template.Container.Labels,
            Mounts = spec.Mounts.Select(m => ToLocal(m, volumes)).OfType<LocalMount>().ToValueList(),
            Networks = record.Networks.Endpoints,
            Ports = record.IsAlive ? record.Networks.Ports : [],
            NetworkNamespace = spec.NetworkNamespace,
            Spec = wanted.Template,
            Hostname = spec.Hostname,
            Env = spec.Env,
            User = spec.User,
            WorkingDirectory = spec.Cwd,
            LogPath = _shop.Logs.Find(record.Id)?.CurrentPath ?? "",
            LogDriver = LogDrivers.NameOf(wanted.Template.LogDriver),
            Standalone = wanted,
            RestartCount = record.RestartCount,
            FilesDirectory = _shop.Files.DirectoryOf(record.Sandbox),
        };
    }
}
