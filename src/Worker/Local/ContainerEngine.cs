using System.Runtime.CompilerServices;
using Skep.Worker.Containerd;
using Skep.Worker.Events;
using Skep.Worker.Logs;
using Skep.Worker.Oci;
using Skep.Worker.Standalone;
using Skep.Worker.Tasks;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Worker.Local;

/// <summary>This node's own containers, images and volumes: the node half of the Engine API.</summary>
/// <remarks>Names may be ids, prefixes of ids, or names, as Docker takes them. Unknown ones throw <see cref="ErrorKind.NotFound"/> with Docker's words.</remarks>
public sealed partial class ContainerEngine
{
    private readonly EngineContext _shop;
    private readonly WorkerOptions _options;
    private readonly Func<TaskSupervisor?> _fleet;
    private readonly Exec.ExecStore _execs;

    private readonly ContainerStore _standalone;
    private readonly StandaloneNetworks? _networks;

    internal ContainerEngine(EngineContext shop, WorkerOptions options, Func<TaskSupervisor?> fleet, ContainerStore standalone, StandaloneNetworks? networks)
    {
        _standalone = standalone;
        _networks = networks;
        _shop = shop;
        _options = options;
        _fleet = fleet;
        _execs = new Exec.ExecStore(Path.Combine(options.RunDirectory, "exec"), shop.Time);
    }

    /// <summary>What happens on this node; whoever changes something tells it here.</summary>
    public EventHub Events => _shop.Events;

    /// <summary>Containers in the order of their creation, newest first. <paramref name="all"/>: also those that do not run.</summary>
    public async Task<ValueList<LocalContainer>> ListContainersAsync(bool all, CancellationToken ct)
    {
        IReadOnlyList<FoundContainer> found = await _shop.Runtime.ListAsync(ct);
        Dictionary<string, Cd.ProcessState> processes = (await _shop.Runtime.ListProcessesAsync(ct)).ToDictionary(p => p.Id, StringComparer.Ordinal);
        var containers = new List<LocalContainer>();
        foreach (FoundContainer container in found.OrderByDescending(c => c.CreatedAt))
        {
            Cd.ProcessState? process = processes.GetValueOrDefault(container.Id);
            bool isRestarting = _standalone.ById(container.Id)?.Record.State == ContainerState.Restarting;
            if (!all && !isRestarting && process is not { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused })
            {
                continue;
            }

            if (!container.Spec.IsEmpty)
            {
                containers.Add(Describe(container, process, SpecReader.Read(container.Spec)));
            }
        }

        return containers.ToValueList();
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<LocalContainer> InspectContainerAsync(string name, CancellationToken ct)
    {
        FoundContainer container = await FindContainerAsync(name, ct);
        return Describe(container, await _shop.Runtime.StateAsync(container.Id, ct), SpecReader.Read(container.Spec));
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.FailedPrecondition"/> when its log driver keeps nothing.</exception>
    public async IAsyncEnumerable<LogLine> ReadLogsAsync(string container, LogQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        FoundContainer found = await FindContainerAsync(container, ct);
        if (_standalone.ById(found.Id)?.Record.Spec.Template.LogDriver?.Name == "none")
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "configured logging driver does not support reading");
        }

        ContainerLog log = _shop.Logs.Find(found.Id) ?? throw new ClusterException(ErrorKind.FailedPrecondition, "configured logging driver does not support reading");
        await foreach (LogLine line in LogReader.ReadAsync(log, query, ct))
        {
            yield return line;
        }
    }

    /// <summary>Output of a task of this node, running or ended, while its container is kept.</summary>
    public IAsyncEnumerable<LogLine> ReadLogsAsync(TaskId task, LogQuery query, CancellationToken ct) => ReadLogsAsync(TaskController.ContainerIdOf(task), query, ct);

    private LocalContainer Describe(FoundContainer container, Cd.ProcessState? process, SpecReader spec)
    {
        if (_standalone.ById(container.Id) is { } standalone)
        {
            return Describe(standalone, process, spec);
        }

        TaskId? task = container.Labels.TryGetValue("com.docker.swarm.task.id", out string? id) ? new TaskId(id) : null;
        TaskRunner? runner = task is { } known ? _fleet()?.Find(known) : null;
        TaskRecord? record = task is { } recorded ? _shop.Records.Read(recorded) : null;
        SwarmTaskStatus? status = runner?.Status ?? record?.ToStatus();
        bool hasRun = status?.State >= TaskState.Starting && (runner?.StartedAt ?? record?.StartedAt) is not null;
        ContainerState state = process?.Status switch
        {
            Cd.ProcessStatus.Running => ContainerState.Running,
            Cd.ProcessStatus.Paused or Cd.ProcessStatus.Pausing => ContainerState.Paused,
            Cd.ProcessStatus.Stopped => ContainerState.Exited,
            Cd.ProcessStatus.Created or Cd.ProcessStatus.Unknown or null => hasRun && status?.State.HasEnded == true ? ContainerState.Exited : ContainerState.Created,
            _ => ContainerState.Created,
        };
        string volumes = Path.Combine(_options.DataDirectory, "volumes");
        return new LocalContainer(container.Id, NameOf(container))
        {
            Task = task,
            Service = container.Labels.TryGetValue("com.docker.swarm.service.id", out string? service) ? new ServiceId(service) : null,
            State = state,
            Image = runner?.Task.Spec.Container.Image ?? container.Image,
            ImageId = container.Labels.TryGetValue("skep.image.id", out string? image) ? image : "",
            Command = spec.Args,
            CreatedAt = container.CreatedAt,
            StartedAt = runner?.StartedAt ?? record?.StartedAt,
            FinishedAt = state == ContainerState.Exited ? process?.ExitedAt?.ToDateTimeOffset() ?? status?.Timestamp : null,
            Pid = state == ContainerState.Running ? (int)(process?.Pid ?? 0) : 0,
            ExitCode = state == ContainerState.Exited ? (int?)process?.ExitStatus ?? status?.Container?.ExitCode ?? 0 : 0,
            OomKilled = status?.Error.Contains("out of memory", StringComparison.Ordinal) == true,
            Error = status?.Error ?? "",
            Health = runner?.Health,
            Labels = container.Labels.ToValueMap(),
            Mounts = spec.Mounts.Select(m => ToLocal(m, volumes)).OfType<LocalMount>().ToValueList(),
            Networks = runner?.Network?.Endpoints ?? [],
            Ports = (runner?.Network?.Ports ?? []).Select(p => new LocalPort(p.Protocol, p.TargetPort, p.PublishedPort, null)).ToValueList(),
            NetworkNamespace = spec.NetworkNamespace,
            Spec = runner?.Task.Spec,
            Hostname = spec.Hostname,
            Env = spec.Env,
            User = spec.User,
            WorkingDirectory = spec.Cwd,
            LogPath = _shop.Logs.Find(container.Id)?.CurrentPath ?? "",
            LogDriver = _shop.Logs.Find(container.Id) is null ? "none" : "json-file",
        };
    }

    /// <summary>What a user calls a mount; null for what every container has.</summary>
    private LocalMount? ToLocal(OciMount mount, string volumesDirectory)
    {
        bool readOnly = mount.Options.Contains("ro");
        if (SpecReader.VolumeName(mount, volumesDirectory) is { } volume)
        {
            return new LocalMount(MountKind.Volume, volume, mount.Source, mount.Destination, readOnly) { Driver = "local" };
        }

        if (mount.Type == "tmpfs" && mount.Destination is not ("/dev" or "/dev/shm"))
        {
            return new LocalMount(MountKind.Tmpfs, "", "", mount.Destination, readOnly);
        }

        if (mount.Type != "bind" || mount.Source.StartsWith(_options.RunDirectory + "/", StringComparison.Ordinal))
        {
            return null;
        }

        return new LocalMount(MountKind.Bind, "", mount.Source, mount.Destination, readOnly)
        {
            Propagation = mount.Options.FirstOrDefault(o => o.EndsWith("private", StringComparison.Ordinal) || o.EndsWith("shared", StringComparison.Ordinal) || o.EndsWith("slave", StringComparison.Ordinal)) ?? "",
        };
    }
}
