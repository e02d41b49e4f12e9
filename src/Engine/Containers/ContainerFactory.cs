using Grpc.Core;
using Skep.Engine.Containerd;
using Skep.Engine.Health;
using Skep.Engine.Images;
using Skep.Engine.Networks;
using Skep.Engine.Oci;

namespace Skep.Engine.Containers;

/// <summary>Turns a standalone container's spec into an OCI spec and a container of containerd's; may be repeated.</summary>
internal sealed class ContainerFactory(EngineContext shop, string hostname, Func<string, string?> idOf)
{
    public const string Label = "skep.standalone";

    /// <summary>Whether a user made it, not a task.</summary>
    public static bool IsStandalone(FoundContainer container) => container.Labels.ContainsKey(Label);

    /// <param name="network">Null before it has one: then the spec is only good for being looked at.</param>
    public async Task<StoredImage> CreateAsync(StandaloneRecord record, JoinedNetwork? network, CancellationToken ct)
    {
        StoredImage image = await ImageAsync(record, ct);
        ContainerPlan plan = await PlanAsync(record, image, network ?? new JoinedNetwork("", null, [], []), ct);
        var draft = new ContainerDraft(record.Id, image.Name, image.ChainId, SpecWriter.Write(plan), Labels(record, image));
        try
        {
            await shop.Runtime.CreateAsync(draft, ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // The image's snapshots are not made yet, or were lost.
            await shop.Images.UnpackAsync(image, ct);
            await shop.Runtime.CreateAsync(draft, ct);
        }

        return image;
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>, in the words by which a client knows that it has to pull.</exception>
    public async Task<StoredImage> ImageAsync(StandaloneRecord record, CancellationToken ct)
    {
        string name = record.Spec.Template.Container.Image;
        return (record.ImageId.Length > 0 ? await shop.Images.FindAsync(record.ImageId, ct) : null)
            ?? await shop.Images.FindAsync(name, ct)
            ?? throw new ClusterException(ErrorKind.NotFound, $"No such image: {(name.Contains(':', StringComparison.Ordinal) || name.Contains('@', StringComparison.Ordinal) ? name : name + ":latest")}");
    }

    public async Task<string> StopSignalAsync(StandaloneRecord record, CancellationToken ct)
    {
        if (record.Spec.Template.Container.StopSignal is { Length: > 0 } own)
        {
            return own;
        }

        return (await shop.Images.FindAsync(record.Spec.Template.Container.Image, ct))?.Contents.Settings.StopSignal is { Length: > 0 } signal ? signal : "SIGTERM";
    }

    public async Task<HealthPlan?> HealthAsync(StandaloneRecord record, CancellationToken ct)
        => HealthPlan.From(record.Spec.Template.Container.HealthCheck, (await ImageAsync(record, ct)).Contents.Settings);

    public static ContainerLimits Limits(StandaloneSpec spec, HostFacts host)
    {
        long memory = spec.Template.Limits?.MemoryBytes ?? 0;
        return new ContainerLimits
        {
            NanoCpus = spec.Template.Limits?.NanoCpus ?? 0,
            MemoryBytes = memory,
            MemoryAndSwapBytes = !host.SwapIsLimited ? 0 : spec.MemoryAndSwapBytes != 0 ? spec.MemoryAndSwapBytes : memory * 2,
            MemoryReservationBytes = spec.Template.Reservations?.MemoryBytes ?? 0,
            Pids = spec.Template.Limits?.Pids ?? 0,
            CpuShares = spec.Cpu.Shares,
            CpuQuota = spec.Cpu.QuotaMicroseconds,
            CpuPeriod = spec.Cpu.PeriodMicroseconds,
            Cpus = spec.Cpu.Cpus,
            MemoryNodes = spec.Cpu.MemoryNodes,
        };
    }

    private async Task<ContainerPlan> PlanAsync(StandaloneRecord record, StoredImage image, JoinedNetwork network, CancellationToken ct)
    {
        StandaloneSpec wanted = record.Spec;
        ContainerSpec spec = wanted.Template.Container;
        ImageSettings settings = image.Contents.Settings;
        _ = Signals.Parse(spec.StopSignal.Length > 0 ? spec.StopSignal : "SIGTERM");
        _ = HealthPlan.From(spec.HealthCheck, settings);
        Accounts accounts = await shop.Views.AccountsAsync(image, ct);
        ResolvedUser user = accounts.Resolve(spec.User.Length > 0 ? spec.User : settings.User, spec.Groups);
        ValueList<OciMount> borrowed = VolumesFrom(wanted.VolumesFrom);
        (ValueList<OciMount> mounts, _) = await shop.Mounts.PrepareAsync(record.Sandbox, spec, image, borrowed.Select(m => m.Destination).ToValueList(), ct);
        mounts = mounts.AddRange(borrowed.Where(b => mounts.All(m => m.Destination != b.Destination)));
        mounts = mounts.AddRange(wanted.Tmpfs.Select(t => new OciMount(t.Key, "tmpfs", "tmpfs", t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries).ToValueList())));
        bool isHost = network.Namespace is null;
        string name = spec.Hostname.Length > 0 ? spec.Hostname : isHost || wanted.HostUts ? hostname : record.Id[..12];
        string resolv = await ResolvConfAsync(network, spec, ct);
        string hosts = isHost && File.Exists("/etc/hosts")
            ? (await File.ReadAllTextAsync("/etc/hosts", ct)).TrimEnd('\n') + "\n" + string.Concat(spec.Hosts.Select(h => h + "\n"))
            : HostsOf(name, network, spec);
        ValueList<OciMount> files = shop.Files.Write(record.Sandbox, name, resolv, hosts, []).Where(f => mounts.All(m => m.Destination != f.Destination)).ToValueList();
        if (wanted.NetworkMode.StartsWith("container:", StringComparison.Ordinal) && idOf(wanted.NetworkMode[10..]) is { } other)
        {
            files = Shared(shop.Files.DirectoryOf(StandaloneRecord.SandboxOf(other)), files);
        }

        ContainerPlan plan = ContainerPlanner.Plan(
            record.Id, wanted.Template, spec, settings, user, mounts.AddRange(files), network.Namespace, name, shop.Options.CgroupParent, shop.Host);
        return Adapt(plan, wanted, name);
    }

    /// <summary>A running container's networks changed: so do its files of names, in place, for they are mounted.</summary>
    public async Task RewriteHostsAsync(StandaloneRecord record, JoinedNetwork network, CancellationToken ct)
    {
        ContainerSpec spec = record.Spec.Template.Container;
        string directory = shop.Files.DirectoryOf(record.Sandbox);
        if (!Directory.Exists(directory))
        {
            return;
        }

        await File.WriteAllTextAsync(Path.Combine(directory, "resolv.conf"), await ResolvConfAsync(network, spec, ct), ct);
        await File.WriteAllTextAsync(Path.Combine(directory, "hosts"), HostsOf(spec.Hostname.Length > 0 ? spec.Hostname : record.Id[..12], network, spec), ct);
    }

    private async Task<string> ResolvConfAsync(JoinedNetwork network, ContainerSpec spec, CancellationToken ct)
        => network.ResolvConf ?? ContainerFiles.ResolvConf(File.Exists(shop.Options.ResolvConfPath) ? await File.ReadAllTextAsync(shop.Options.ResolvConfPath, ct) : "", spec.Dns);

    private static string HostsOf(string hostname, JoinedNetwork network, ContainerSpec spec)
        => ContainerFiles.Hosts(hostname, network.Endpoints.Where(e => e.Address is not null).Select(e => e.Address!.Value), spec.Hosts);

    private ContainerPlan Adapt(ContainerPlan plan, StandaloneSpec wanted, string name)
    {
        var shared = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (wanted.HostPid)
        {
            shared["pid"] = null;
        }

        if (wanted.HostIpc)
        {
            shared["ipc"] = null;
        }

        if (wanted.HostUts)
        {
            shared["uts"] = null;
        }

        ValueList<OciDevice> devices = wanted.Privileged
            ? HostDevices.All().ToValueList()
            : wanted.Devices.Select(d => HostDevices.Find(d.PathOnHost, d.PathInContainer, d.Access)).ToValueList();
        plan = plan with
        {
            Hostname = wanted.HostUts ? "" : name,
            SharedNamespaces = shared.ToValueMap(),
            Devices = devices,
            ShmBytes = wanted.ShmBytes,
            Limits = Limits(wanted, shop.Host),
        };
        return !wanted.Privileged ? plan : plan with
        {
            Privileged = true,
            Capabilities = Capabilities.Resolve(["ALL"], [], shop.Host.LastCapability, shop.Host.Capabilities),
            SeccompMode = "unconfined",
        };
    }

    /// <summary>hosts and resolv.conf of the container whose network this one uses, so that both know the same names.</summary>
    private static ValueList<OciMount> Shared(string directory, ValueList<OciMount> files)
        => files.Select(f => File.Exists(Path.Combine(directory, Path.GetFileName(f.Source))) && f.Destination != "/etc/hostname" ? f with { Source = Path.Combine(directory, Path.GetFileName(f.Source)) } : f).ToValueList();

    private ValueList<OciMount> VolumesFrom(ValueList<string> from)
    {
        var borrowed = new List<OciMount>();
        foreach (string text in from)
        {
            string[] parts = text.Split(':', 2);
            string id = idOf(parts[0]) ?? throw new ClusterException(ErrorKind.NotFound, $"No such container: {parts[0]}");
            FoundContainer other = shop.Runtime.Containers.Find(id) ?? throw new ClusterException(ErrorKind.NotFound, $"No such container: {parts[0]}");
            foreach (OciMount mount in other.Spec.Mounts.Where(m => m.Type == "bind" && !m.Source.StartsWith(shop.Options.RunDirectory + "/", StringComparison.Ordinal)))
            {
                borrowed.Add(parts is [_, "ro"] ? mount with { Options = mount.Options.Select(o => o == "rw" ? "ro" : o).ToValueList() } : mount);
            }
        }

        return borrowed.ToValueList();
    }

    private static Dictionary<string, string> Labels(StandaloneRecord record, StoredImage image) =>
        // What users set is in the record, which has no limit of length.
        new Dictionary<string, string>(StringComparer.Ordinal) { [Label] = record.Id, ["skep.image.id"] = image.Contents.Config.Digest };
}
