using Grpc.Core;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;
using Skep.Engine.Events;
using Skep.Engine.Health;
using Skep.Engine.Images;
using Skep.Engine.Logs;
using Skep.Engine.Networks;
using Skep.Engine.Oci;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Worker.Tasks;

/// <summary>Carries out the actions on one task's container. Each may be repeated, also by a later agent: what is done already stays done.</summary>
internal sealed class TaskController(EngineContext shop, TaskContext around, SwarmTask task)
{
    private readonly ContainerEvents _tell = new(shop.Events, task.Id.ContainerId, task.Name, task.Spec.Container.Image);
    private StoredImage? _image;
    private DateTimeOffset? _startedAt;

    public string ContainerId { get; } = task.Id.ContainerId;

    public string ImageId => _image?.Contents.Config.Digest ?? "";

    public JoinedNetwork? Network { get; private set; }

    public HealthTracker? Health { get; private set; }

    private string CgroupPath => $"{shop.Options.CgroupParent.TrimEnd('/')}/{ContainerId}";

    /// <exception cref="ClusterException">The task cannot run here, and why.</exception>
    public async Task PrepareAsync(CancellationToken ct)
    {
        var context = new TemplateContext { Task = task, Node = around.Node, Hostname = around.Hostname, Platform = shop.Host.Platform };
        ContainerSpec spec = TaskTemplates.Expand(task.Spec, context);
        LogSettings logging = LogDrivers.Choose(task.Spec.LogDriver, shop.Options);
        _ = Signals.Parse(spec.StopSignal.Length > 0 ? spec.StopSignal : "SIGTERM");
        IReadOnlyList<ContainerFile> files = TaskSecrets.Resolve(spec, context, around.Secrets, around.Configs);
        StoredImage image = await ImageAsync(ct);
        _ = HealthPlan.From(spec.HealthCheck, image.Contents.Settings);

        await shop.Slots.WaitAsync(ct);
        try
        {
            JoinedNetwork network = Network = await around.Networks.JoinAsync(task, ct);
            Accounts accounts = await shop.Views.AccountsAsync(image, ct);
            ImageSettings settings = image.Contents.Settings;
            ResolvedUser user = accounts.Resolve(spec.User.Length > 0 ? spec.User : settings.User, spec.Groups);
            (ValueList<OciMount> mounts, ValueList<LocalMount> seenMounts) = await shop.Mounts.PrepareAsync(task.Id, spec, image, ct);
            string hostname = spec.Hostname.Length > 0 ? spec.Hostname : network.Namespace is null ? around.Hostname : ContainerId[..12];
            ValueList<OciMount> fileMounts = shop.Files.Write(task.Id, hostname, ResolvConf(network, spec), Hosts(network, spec, hostname), files)
                .Where(f => mounts.All(m => m.Destination != f.Destination)).ToValueList();
            ContainerPlan plan = ContainerPlanner.Plan(
                ContainerId, task.Spec, spec, settings, user, mounts.AddRange(fileMounts), network.Namespace, hostname, shop.Options.CgroupParent, shop.Host);
            var draft = new ContainerDraft(ContainerId, image.Name, image.ChainId, SpecWriter.Write(plan), Labels(spec, settings));
            shop.Logs.Open(ContainerId, logging);
            await CreateAsync(draft, image, ct);
            _tell.Labels = draft.Labels;
            _tell.Created(seenMounts, network.Endpoints);
        }
        finally
        {
            shop.Slots.Release();
        }
    }

    public async Task<TaskOutcome> StartAsync(CancellationToken ct)
    {
        StoredImage image = await ImageAsync(ct);
        await shop.Slots.WaitAsync(ct);
        try
        {
            Network ??= await around.Networks.JoinAsync(task, ct);
            IReadOnlyList<Cd.MountPoint> rootfs = await shop.Runtime.PrepareAsync(ContainerId, image.ChainId, ct);
            ContainerLog? log = shop.Logs.Find(ContainerId);
            int pid = await shop.Runtime.CreateProcessAsync(ContainerId, rootfs, log?.StdoutPath ?? "", log?.StderrPath ?? "", task.Spec.Container.Tty, ct);
            await shop.Runtime.StartAsync(ContainerId, ct);
            _startedAt = shop.Time.GetUtcNow();
            _tell.Started();
            Health = HealthPlan.From(task.Spec.Container.HealthCheck, image.Contents.Settings) is { } plan ? new HealthTracker(plan, shop.Time.GetUtcNow()) : null;
            return new TaskOutcome.Started(pid, Health is not null);
        }
        finally
        {
            shop.Slots.Release();
        }
    }

    /// <summary>Watches process 1 and asks its health.</summary>
    /// <param name="untilHealthy">Also ends at the first good probe.</param>
    public async Task<TaskOutcome> WatchAsync(bool untilHealthy, DateTimeOffset? startedAt, CancellationToken ct)
    {
        _startedAt ??= startedAt;
        // An adopted task's probes begin anew; what it was before is in its state.
        if (Health is null && HealthPlan.From(task.Spec.Container.HealthCheck, (await ImageAsync(ct)).Contents.Settings) is { } plan)
        {
            Health = new HealthTracker(plan, startedAt ?? shop.Time.GetUtcNow());
        }

        using var scope = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task<ProcessExit> exit = shop.Runtime.WaitAsync(ContainerId, scope.Token);
        Task<TaskOutcome> probes = Health is null ? new TaskCompletionSource<TaskOutcome>().Task : ProbeAsync(untilHealthy, scope.Token);
        Task first = await Task.WhenAny(exit, probes);
        if (first == probes && !exit.IsCompleted)
        {
            await scope.CancelAsync();
            await exit.SuppressThrowingAsync();
            return await probes;
        }

        await scope.CancelAsync();
        if (Health is not null)
        {
            await probes.SuppressThrowingAsync();
        }

        ProcessExit ended = await exit;
        string outOfMemory = ended.Code == 0 ? "" : OutOfMemoryReason();
        Events().Ended(ended, outOfMemory.Length > 0, _startedAt);
        return new TaskOutcome.Exited(ended.Code, outOfMemory);
    }

    /// <summary>Ends process 1 as politely as its spec says; if there is none, nothing is done.</summary>
    public async Task<TaskOutcome> StopAsync(CancellationToken ct)
    {
        if (await shop.Runtime.StateAsync(ContainerId, ct) is not { } state)
        {
            return new TaskOutcome.Stopped(null);
        }

        Task<ProcessExit> ended = shop.Runtime.WaitAsync(ContainerId, ct);
        if (state.Status is Cd.ProcessStatus.Running)
        {
            await around.Networks.DrainAsync(task, (int)state.Pid, ct);
            ContainerSpec spec = task.Spec.Container;
            int signal = Signals.Parse(spec.StopSignal.Length > 0 ? spec.StopSignal : await ImageStopSignalAsync(ct));
            if (await shop.Runtime.KillAsync(ContainerId, signal, all: false, ct))
            {
                Events().Killed(signal);
                try
                {
                    return Stopped(await ended.WaitAsync(spec.EffectiveStopGracePeriod, shop.Time, ct));
                }
                catch (TimeoutException)
                {
                    await shop.Runtime.KillAsync(ContainerId, Signals.Kill, all: true, ct);
                    Events().Killed(Signals.Kill);
                }
            }
        }
        else if (state.Status is Cd.ProcessStatus.Created)
        {
            await shop.Runtime.KillAsync(ContainerId, Signals.Kill, all: true, ct);
        }

        return Stopped(await ended);

        TaskOutcome Stopped(ProcessExit exit)
        {
            Events().Ended(exit, outOfMemory: false, _startedAt);
            _tell.Stopped();
            return new TaskOutcome.Stopped(exit.Code);
        }
    }

    /// <summary>After the end: frees what only a running task needs. Container, file system and logs stay for a look.</summary>
    public async Task CleanUpAsync(CancellationToken ct)
    {
        await shop.Slots.WaitAsync(ct);
        try
        {
            await shop.Runtime.DeleteProcessAsync(ContainerId, ct);
        }
        finally
        {
            shop.Slots.Release();
        }

        await shop.Logs.FinishAsync(ContainerId);
        await around.Networks.LeaveAsync(task, ct);
        shop.Files.Remove(task.Id);
    }

    /// <summary>Removes everything of the task, its anonymous volumes too.</summary>
    public async Task RemoveAsync(CancellationToken ct)
    {
        await shop.Slots.WaitAsync(ct);
        try
        {
            // The spec is read from containerd's record, which therefore goes last: a removal that is tried again still knows the volumes.
            SpecReader? spec = shop.Runtime.Containers.Find(ContainerId)?.Spec;
            await shop.Runtime.DeleteProcessAsync(ContainerId, ct);
            shop.Mounts.Release(task.Id);
            foreach (string name in spec?.VolumeNames(Path.Combine(shop.Options.DataDirectory, "volumes")) ?? [])
            {
                if (shop.Volumes.Find(name) is { IsAnonymous: true })
                {
                    shop.Volumes.Remove(name);
                }
            }

            await shop.Runtime.DeleteRecordAsync(ContainerId, ct);
            if (spec is not null)
            {
                Events().Destroyed();
            }
        }
        finally
        {
            shop.Slots.Release();
        }

        await shop.Logs.RemoveAsync(ContainerId);
        await around.Networks.LeaveAsync(task, ct);
        shop.Files.Remove(task.Id);
    }

    /// <summary>Forgets a container that a reboot ended, but keeps what it wrote to its log.</summary>
    public async Task DiscardAsync(CancellationToken ct) => await shop.Runtime.DeleteAsync(ContainerId, ct);

    /// <summary>With labels also for a container that an earlier agent made.</summary>
    private ContainerEvents Events()
    {
        if (_tell.Labels.Count == 0)
        {
            _tell.Labels = Labels(task.Spec.Container, _image?.Contents.Settings ?? new ImageSettings());
        }

        return _tell;
    }

    private async Task CreateAsync(ContainerDraft draft, StoredImage image, CancellationToken ct)
    {
        try
        {
            await shop.Runtime.CreateAsync(draft, ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // The image's snapshots were lost: make them again from its layers.
            await shop.Images.UnpackAsync(image, ct);
            await shop.Runtime.CreateAsync(draft, ct);
        }
    }

    private async Task<StoredImage> ImageAsync(CancellationToken ct)
        => _image ??= await shop.Images.EnsureAsync(task.Spec.Container.Image, RegistryAuth.Decode(task.Spec.Container.RegistryAuth), ct);

    private async Task<string> ImageStopSignalAsync(CancellationToken ct)
    {
        StoredImage? image = _image ?? await shop.Images.FindAsync(task.Spec.Container.Image, ct);
        return image?.Contents.Settings.StopSignal is { Length: > 0 } signal ? signal : "SIGTERM";
    }

    private async Task<TaskOutcome> ProbeAsync(bool untilHealthy, CancellationToken ct)
    {
        byte[] spec = await shop.Runtime.FindSpecAsync(ContainerId, ct) ?? throw new ClusterException(ErrorKind.NotFound, $"container {ContainerId} is gone");
        byte[] process = SpecWriter.WriteFurtherProcess(spec, Health!.Plan.Args);
        await HealthCheckRun.EndLeftAsync(shop, ContainerId, shop.Files.ProbePath(task.Id));
        while (true)
        {
            await Task.Delay(Health.NextInterval(shop.Time.GetUtcNow()), shop.Time, ct);
            HealthState before = Health.Present.State;
            if (await HealthCheckRun.ProbeAsync(shop, ContainerId, process, shop.Files.ProbePath(task.Id), Health.Plan.Timeout, ct) is not { } probe)
            {
                continue;
            }

            Health = Health.After(probe);
            if (Health.Present.State != before)
            {
                Events().Health(Health.Present.State);
            }

            if (Health.Present.State == HealthState.Unhealthy)
            {
                return new TaskOutcome.Unhealthy();
            }

            if (untilHealthy && Health.Present.State == HealthState.Healthy)
            {
                return new TaskOutcome.Healthy();
            }
        }
    }

    private string OutOfMemoryReason()
    {
        bool killed = CgroupFiles.OutOfMemoryKills(shop.Options.CgroupRoot, shop.Host.CgroupV2, CgroupPath) > 0 || shop.Runtime.RanOutOfMemory(ContainerId);
        long limit = task.Spec.Limits?.MemoryBytes ?? 0;
        return !killed ? "" : limit > 0 ? $"out of memory (limit {limit / (1024 * 1024)} MiB)" : "out of memory";
    }

    private string ResolvConf(JoinedNetwork network, ContainerSpec spec)
    {
        if (network.ResolvConf is not null)
        {
            return network.ResolvConf;
        }

        return ContainerFiles.ResolvConf(File.Exists(shop.Options.ResolvConfPath) ? File.ReadAllText(shop.Options.ResolvConfPath) : "", spec.Dns);
    }

    private static string Hosts(JoinedNetwork network, ContainerSpec spec, string hostname)
        => network.Namespace is null && File.Exists("/etc/hosts")
            ? File.ReadAllText("/etc/hosts").TrimEnd('\n') + "\n" + string.Concat(spec.Hosts.Select(h => h + "\n"))
            : ContainerFiles.Hosts(hostname, network.Endpoints.Where(e => e.Address is not null).Select(e => e.Address!.Value), spec.Hosts);

    private Dictionary<string, string> Labels(ContainerSpec spec, ImageSettings image)
    {
        const int longest = 4096;
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in image.Labels.Concat(spec.Labels))
        {
            labels[key] = value;
        }

        labels["com.docker.swarm.node.id"] = around.Node.Value;
        labels["com.docker.swarm.service.id"] = task.ServiceId.Value;
        labels["com.docker.swarm.service.name"] = task.ServiceAnnotations.Name;
        labels["com.docker.swarm.task"] = "";
        labels[TaskContainers.TaskIdLabel] = task.Id.Value;
        labels[TaskContainers.TaskNameLabel] = task.Name;
        labels["skep.cluster"] = around.Cluster.Value;
        labels["skep.image.id"] = ImageId;
        // containerd refuses longer ones; what users set is complete in the task's spec.
        return labels.Where(l => l.Key.Length + l.Value.Length <= longest).ToDictionary(StringComparer.Ordinal);
    }
}
