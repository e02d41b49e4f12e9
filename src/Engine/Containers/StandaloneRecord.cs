using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;
using Skep.Engine.Networks;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;

namespace Skep.Engine.Containers;

/// <summary>All that is remembered of a standalone container; one file each, written at every change.</summary>
internal sealed record StandaloneRecord
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required StandaloneSpec Spec { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string ImageId { get; init; } = "";

    public ContainerState State { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int ExitCode { get; init; }

    public string Error { get; init; } = "";

    public bool OutOfMemory { get; init; }

    public int RestartCount { get; init; }

    /// <summary>A user ended it: its restart policy rests until somebody starts it.</summary>
    public bool WasStopped { get; init; }

    /// <summary>Its removal has begun, and takes its anonymous volumes along.</summary>
    public bool RemovesVolumes { get; init; }

    /// <summary>Of the last start: containers do not outlive the machine's boot.</summary>
    public string BootId { get; init; } = "";

    /// <summary>Its networks and ports, as they were given to it when it last started.</summary>
    public NetworkSettings Networks { get; init; } = NetworkSettings.Nothing;

    public bool IsAlive => State is ContainerState.Running or ContainerState.Paused;

    /// <summary>What the networks know the container by.</summary>
    public TaskId Sandbox => SandboxOf(Id);

    public static TaskId SandboxOf(string id) => new("c" + id[..24]);
}

/// <summary>The records of a node, each a file.</summary>
internal sealed class StandaloneRecords(string directory)
{
    public IEnumerable<StandaloneRecord> ReadAll()
    {
        foreach (string path in Directory.Exists(directory) ? Directory.GetFiles(directory, "*.json") : [])
        {
            StandaloneFile? file = null;
            try
            {
                file = JsonSerializer.Deserialize(File.ReadAllBytes(path), StandaloneContext.Default.StandaloneFile);
            }
            catch (JsonException)
            {
                // A file is replaced whole, so only a bad disk tears one; its container is then shown by nobody and removed as an orphan.
                continue;
            }

            if (file is not null)
            {
                yield return file.ToRecord();
            }
        }
    }

    public void Write(StandaloneRecord record)
        => PrivateFile.Replace(PathOf(record.Id), JsonSerializer.SerializeToUtf8Bytes(StandaloneFile.From(record), StandaloneContext.Default.StandaloneFile));

    public void Remove(string id) => File.Delete(PathOf(id));

    private string PathOf(string id) => Path.Combine(directory, id + ".json");
}

/// <summary>A record as it lies on disk. The template is protobuf, since that mapping exists and is tested.</summary>
internal sealed record StandaloneFile
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Template { get; init; }

    public string NetworkMode { get; init; } = "";

    public List<RequestedEndpointFile> Wishes { get; init; } = [];

    public List<PortFile> PortWishes { get; init; } = [];

    public List<string>? Exposed { get; init; }

    public required StandaloneRestart Restart { get; init; }

    public bool AutoRemove { get; init; }

    public bool StdinOnce { get; init; }

    public bool Privileged { get; init; }

    public List<DeviceMapping> Devices { get; init; } = [];

    public bool HostPid { get; init; }

    public bool HostIpc { get; init; }

    public bool HostUts { get; init; }

    public long ShmBytes { get; init; }

    public CpuSettings Cpu { get; init; } = new();

    public long MemoryAndSwapBytes { get; init; }

    public Dictionary<string, string> Tmpfs { get; init; } = [];

    public List<string> VolumesFrom { get; init; } = [];

    public string Request { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public string ImageId { get; init; } = "";

    public ContainerState State { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int ExitCode { get; init; }

    public string Error { get; init; } = "";

    public bool OutOfMemory { get; init; }

    public int RestartCount { get; init; }

    public bool WasStopped { get; init; }

    public bool RemovesVolumes { get; init; }

    public string BootId { get; init; } = "";

    public List<EndpointFile> Endpoints { get; init; } = [];

    public List<PortFile> Ports { get; init; } = [];

    public string? Egress { get; init; }

    public static StandaloneFile From(StandaloneRecord record)
    {
        StandaloneSpec spec = record.Spec;
        return new StandaloneFile
        {
            Id = record.Id,
            Name = record.Name,
            Template = Convert.ToBase64String(spec.Template.ToProto().ToByteArray()),
            NetworkMode = spec.NetworkMode,
            Wishes = [.. spec.Endpoints.Select(e => new RequestedEndpointFile(e.Network, [.. e.Aliases], e.Address?.ToString()))],
            PortWishes = [.. spec.Ports.Select(p => new PortFile(p.Protocol, p.TargetPort, p.HostPort, p.LastHostPort, p.HostAddress))],
            Exposed = [.. spec.Exposed],
            Restart = spec.Restart,
            AutoRemove = spec.AutoRemove,
            StdinOnce = spec.StdinOnce,
            Privileged = spec.Privileged,
            Devices = [.. spec.Devices],
            HostPid = spec.HostPid,
            HostIpc = spec.HostIpc,
            HostUts = spec.HostUts,
            ShmBytes = spec.ShmBytes,
            Cpu = spec.Cpu,
            MemoryAndSwapBytes = spec.MemoryAndSwapBytes,
            Tmpfs = new(spec.Tmpfs),
            VolumesFrom = [.. spec.VolumesFrom],
            Request = spec.Request,
            CreatedAt = record.CreatedAt,
            ImageId = record.ImageId,
            State = record.State,
            StartedAt = record.StartedAt,
            FinishedAt = record.FinishedAt,
            ExitCode = record.ExitCode,
            Error = record.Error,
            OutOfMemory = record.OutOfMemory,
            RestartCount = record.RestartCount,
            WasStopped = record.WasStopped,
            RemovesVolumes = record.RemovesVolumes,
            BootId = record.BootId,
            Endpoints = [.. record.Networks.Endpoints.Select(EndpointFile.From)],
            Ports = [.. record.Networks.Ports.Select(p => new PortFile(p.Protocol, p.TargetPort, p.PublishedPort, 0, p.Address?.ToString()))],
            Egress = record.Networks.Egress,
        };
    }

    public StandaloneRecord ToRecord() => new()
    {
        Id = Id,
        Name = Name,
        Spec = new StandaloneSpec
        {
            Name = Name,
            Template = Rpc.V1.TaskSpec.Parser.ParseFrom(Convert.FromBase64String(Template)).ToModel(),
            NetworkMode = NetworkMode,
            Endpoints = Wishes.Select(e => new StandaloneEndpoint(e.Network) { Aliases = e.Aliases.ToValueList(), Address = Address(e.Address) }).ToValueList(),
            Ports = PortWishes.Select(p => p.ToPort()).ToValueList(),
            Exposed = (Exposed ?? []).ToValueList(),
            Restart = Restart,
            AutoRemove = AutoRemove,
            StdinOnce = StdinOnce,
            Privileged = Privileged,
            Devices = Devices.ToValueList(),
            HostPid = HostPid,
            HostIpc = HostIpc,
            HostUts = HostUts,
            ShmBytes = ShmBytes,
            Cpu = Cpu,
            MemoryAndSwapBytes = MemoryAndSwapBytes,
            Tmpfs = Tmpfs.ToValueMap(),
            VolumesFrom = VolumesFrom.ToValueList(),
            Request = Request,
        },
        CreatedAt = CreatedAt,
        ImageId = ImageId,
        State = State,
        StartedAt = StartedAt,
        FinishedAt = FinishedAt,
        ExitCode = ExitCode,
        Error = Error,
        OutOfMemory = OutOfMemory,
        RestartCount = RestartCount,
        WasStopped = WasStopped,
        RemovesVolumes = RemovesVolumes,
        BootId = BootId,
        Networks = new NetworkSettings(
            Endpoints.Select(e => e.ToEndpoint()).ToValueList(),
            Ports.Select(p => new LocalPort(p.Protocol, p.TargetPort, p.HostPort, Ipv4Address.TryParse(p.HostAddress, out Ipv4Address own) ? own : null)).ToValueList(),
            Egress ?? ""),
    };

    private static Ipv4Address? Address(string? text) => Ipv4Address.TryParse(text ?? "", out Ipv4Address address) ? address : null;
}

/// <summary>What files of an earlier version do not have is null here.</summary>
internal sealed record PortFile(PortProtocol Protocol, int TargetPort, int HostPort, int LastHostPort, string? HostAddress)
{
    public StandalonePort ToPort() => new(Protocol, TargetPort, HostPort) { LastHostPort = LastHostPort, HostAddress = HostAddress ?? "" };
}

internal sealed record RequestedEndpointFile(string Network, List<string> Aliases, string? Address);

internal sealed record EndpointFile(
    string Network, string Name, string? Address, int PrefixLength, string? Gateway, List<string> Aliases, bool IsOfCluster, bool IsInternal, bool IsDirect, string? Interface)
{
    public static EndpointFile From(LocalEndpoint e)
        => new(e.Network.Value, e.Name, e.Address?.ToString(), e.PrefixLength, e.Gateway?.ToString(), [.. e.Aliases], e.IsOfCluster, e.IsInternal, e.IsDirect, e.Interface);

    public LocalEndpoint ToEndpoint() => new(new NetworkId(Network), Name, Ipv4Address.TryParse(Address, out Ipv4Address address) ? address : null, PrefixLength)
    {
        Gateway = Ipv4Address.TryParse(Gateway, out Ipv4Address gateway) ? gateway : null,
        Mac = Ipv4Address.TryParse(Address, out address) ? MacAddress.ForTask(address) : null,
        Aliases = Aliases.ToValueList(),
        IsOfCluster = IsOfCluster,
        IsInternal = IsInternal,
        IsDirect = IsDirect,
        Interface = Interface ?? "",
    };
}

[JsonSerializable(typeof(StandaloneFile))]
internal sealed partial class StandaloneContext : JsonSerializerContext;
