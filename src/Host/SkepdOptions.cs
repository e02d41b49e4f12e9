using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Skep.Host.Node;
using Skep.Manager.Backup;
using Skep.Raft;

namespace Skep.Host;

/// <summary>Where everything of one daemon is. From flags, else from the configuration file, else these defaults.</summary>
internal sealed record SkepdOptions
{
    public const string DefaultConfigFile = "/etc/skep/skepd.json";

    /// <summary>Lasting data.</summary>
    public string DataDir { get; init; } = "/var/lib/skep";

    /// <summary>Things that end with a reboot.</summary>
    public string RunDir { get; init; } = "/run/skep";

    /// <summary>The Engine API's socket.</summary>
    public string Socket { get; init; } = "/run/skep/skep.sock";

    /// <summary>Group that may use the socket; ignored when the machine has no such group.</summary>
    public string Group { get; init; } = "skep";

    public string Containerd { get; init; } = "/run/containerd/containerd.sock";

    public string ContainerdNamespace { get; init; } = "skep";

    /// <summary>Parent of all containers' control groups.</summary>
    public string CgroupParent { get; init; } = "/skep";

    /// <summary>Null: the machine's host name.</summary>
    public string? NodeName { get; init; }

    /// <summary>Default of <c>swarm init</c> and <c>swarm join</c>: address other nodes use. Null: the only address, or the route's.</summary>
    public string? AdvertiseAddr { get; init; }

    /// <summary>Default of <c>swarm init</c> and <c>swarm join</c>: where the gRPC listener binds.</summary>
    public string ListenAddr { get; init; } = "0.0.0.0:2377";

    /// <summary>Engine labels, key=value.</summary>
    public string[] Labels { get; init; } = [];

    /// <summary>What the node offers beside CPU and memory, KIND=COUNT.</summary>
    public string[] NodeGenericResources { get; init; } = [];

    /// <summary>Hosts, with or without a port, or ranges of addresses such as 10.0.0.0/8.</summary>
    public string[] InsecureRegistries { get; init; } = [];

    public string[] RegistryMirrors { get; init; } = [];

    /// <summary>TCP port of the dashboard on managers; 0: none.</summary>
    public int DashboardPort { get; init; } = 8900;

    /// <summary>PEM files the dashboard is served over TLS with; empty: without TLS.</summary>
    public string DashboardCert { get; init; } = "";

    public string DashboardKey { get; init; } = "";

    /// <summary>Addresses the Engine API is served on over TLS, as tcp://ADDRESS:PORT. They need all of the four below, named as dockerd's.</summary>
    public string[] Hosts { get; init; } = [];

    public bool Tlsverify { get; init; }

    public string Tlscacert { get; init; } = "";

    public string Tlscert { get; init; } = "";

    public string Tlskey { get; init; } = "";

    /// <summary>Where <c>/metrics</c> is served. Null: nowhere (ADR 0014).</summary>
    public string? MetricsAddr { get; init; }

    /// <summary>Where a manager writes backups by itself. Null: it writes none.</summary>
    public string? BackupDir { get; init; }

    /// <summary>Hours between two backups.</summary>
    public int BackupHours { get; init; } = 24;

    /// <summary>So many of the newest stay.</summary>
    public int BackupKeep { get; init; } = 7;

    /// <summary>File whose bytes, at least 32 random ones, seal the backups.</summary>
    public string? BackupKeyFile { get; init; }

    /// <summary>Log entries that a manager steps over, each as the error that stopped it named it.</summary>
    public string[] SkipEntries { get; init; } = [];

    /// <summary>Days for which certificates of nodes are believed after their end; 0: not at all.</summary>
    public int AcceptExpired { get; init; }

    /// <summary>debug, info, warn or error.</summary>
    public string LogLevel { get; init; } = "info";

    /// <summary>Ten years, in days.</summary>
    private const int MostExpired = 3650;

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: an unknown flag or key, named.</exception>
    public static SkepdOptions Parse(string[] args)
    {
        int config = Array.IndexOf(args, "--config");
        string file = config >= 0 && config + 1 < args.Length ? args[config + 1] : DefaultConfigFile;
        SkepdOptions options = File.Exists(file) ? Read(file) : config >= 0 ? throw ClusterException.Invalid($"--config {file}: no such file") : new SkepdOptions();
        for (int i = 0; i < args.Length; i += 2)
        {
            string flag = args[i];
            if (flag is "--tlsverify" or "--tlsverify=true")
            {
                options = options with { Tlsverify = true };
                i--; // It has no value of its own.
                continue;
            }

            string value = i + 1 < args.Length ? args[i + 1] : throw ClusterException.Invalid($"{flag} needs a value");
            options = flag switch
            {
                "--config" => options,
                "--data-dir" => options with { DataDir = Path.GetFullPath(value) },
                "--run-dir" => options with { RunDir = Path.GetFullPath(value) },
                "--socket" => options with { Socket = Path.GetFullPath(value) },
                "--group" => options with { Group = value },
                "--containerd" => options with { Containerd = value },
                "--containerd-namespace" => options with { ContainerdNamespace = value },
                "--cgroup-parent" => options with { CgroupParent = value },
                "--node-name" => options with { NodeName = value },
                "--advertise-addr" => options with { AdvertiseAddr = value },
                "--listen-addr" => options with { ListenAddr = value },
                "--label" => options with { Labels = [.. options.Labels, value] },
                "--node-generic-resource" => options with { NodeGenericResources = [.. options.NodeGenericResources, value] },
                "--insecure-registry" => options with { InsecureRegistries = [.. options.InsecureRegistries, value] },
                "--registry-mirror" => options with { RegistryMirrors = [.. options.RegistryMirrors, value] },
                "--dashboard-port" => options with { DashboardPort = int.TryParse(value, out int port) && port is >= 0 and <= 65535 ? port : throw ClusterException.Invalid($"--dashboard-port {value}: must be a port, or 0 for none") },
                "--dashboard-cert" => options with { DashboardCert = Path.GetFullPath(value) },
                "--dashboard-key" => options with { DashboardKey = Path.GetFullPath(value) },
                "--host" or "-H" => options with { Hosts = [.. options.Hosts, value] },
                "--tlscacert" => options with { Tlscacert = Path.GetFullPath(value) },
                "--tlscert" => options with { Tlscert = Path.GetFullPath(value) },
                "--tlskey" => options with { Tlskey = Path.GetFullPath(value) },
                "--metrics-addr" => options with { MetricsAddr = value },
                "--backup-dir" => options with { BackupDir = Path.GetFullPath(value) },
                "--backup-hours" => options with { BackupHours = Count(flag, value) },
                "--backup-keep" => options with { BackupKeep = Count(flag, value) },
                "--backup-key-file" => options with { BackupKeyFile = Path.GetFullPath(value) },
                "--accept-expired" => options with { AcceptExpired = Count(flag, value) },
                "--skip-entry" => options with { SkipEntries = [.. options.SkipEntries, value] },
                "--log-level" => options with { LogLevel = value },
                _ => throw ClusterException.Invalid($"unknown flag {flag}; see skepd --help"),
            };
        }

        if (options.InsecureRegistries.FirstOrDefault(r => r.Contains('/', StringComparison.Ordinal) && !IPNetwork.TryParse(r, out _)) is { } wrong)
        {
            throw ClusterException.Invalid($"--insecure-registry {wrong}: must be a host, as registry.example:5000 (without http:// and path), or a range of addresses, as 10.0.0.0/8");
        }

        if (options.AcceptExpired is < 0 or > MostExpired)
        {
            throw ClusterException.Invalid($"--accept-expired {options.AcceptExpired}: must be days, at most {MostExpired}");
        }

        _ = options.SkippedEntries();
        return options;
    }

    /// <summary>The backups, understood; null: none are asked for.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: says which key is missing or wrong.</exception>
    public BackupPlan? Backups()
    {
        if (BackupDir is null)
        {
            return BackupKeyFile is null ? null : throw ClusterException.Invalid("--backup-key-file needs --backup-dir: where backups are written");
        }

        if (BackupKeyFile is null)
        {
            throw ClusterException.Invalid("--backup-dir needs --backup-key-file: backups hold every secret and are written sealed only (head -c 32 /dev/urandom > FILE; keep a copy elsewhere)");
        }

        if (BackupHours < 1 || BackupKeep < 1)
        {
            throw ClusterException.Invalid("--backup-hours and --backup-keep must be at least 1");
        }

        try
        {
            return new BackupPlan(BackupDir, TimeSpan.FromHours(BackupHours), BackupKeep, BackupSecret.OfKey(SensitiveBytes.From(File.ReadAllBytes(BackupKeyFile))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"--backup-key-file {BackupKeyFile}: {e.Message}", e);
        }
    }

    /// <summary>The entries to step over, understood.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: not of the form INDEX-CHECKSUM.</exception>
    public IReadOnlyList<EntryMark> SkippedEntries() =>
    [
        .. SkipEntries.Select(static text => EntryMark.TryParse(text, out EntryMark mark)
            ? mark
            : throw ClusterException.Invalid($"--skip-entry {text}: must be an entry as the error named it, INDEX-CHECKSUM, such as 17-9f3a22c1")),
    ];

    /// <summary>The engine labels, understood; one without a value has an empty one.</summary>
    public ValueMap<string, string> EngineLabels() => Labels.Select(l => l.Split('=', 2)).ToValueMap(p => p[0], p => p.Length > 1 ? p[1] : "");

    /// <summary>The generic resources, understood.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: not of the form KIND=COUNT.</exception>
    public ValueList<GenericResource> GenericResources() => NodeGenericResources
        .Select(text => text.Split('=', 2) is [{ Length: > 0 } kind, var number] && long.TryParse(number, System.Globalization.CultureInfo.InvariantCulture, out long count) && count > 0
            ? new GenericResource(kind, count, null)
            : throw ClusterException.Invalid($"--node-generic-resource {text}: must be KIND=COUNT, such as gpu=2 (resources with names of their own are not supported)"))
        .ToValueList();

    private static int Count(string flag, string value) => int.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out int count) && count > 0
        ? count
        : throw ClusterException.Invalid($"{flag} {value}: must be a number above 0");

    private static SkepdOptions Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), SkepdOptionsJson.Default.SkepdOptions) ?? new SkepdOptions();
        }
        catch (JsonException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"{file}: {e.Message}", e);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(SkepdOptions))]
internal sealed partial class SkepdOptionsJson : JsonSerializerContext;
