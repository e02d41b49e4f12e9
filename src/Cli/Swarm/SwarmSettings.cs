using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Swarm;

/// <summary>Flags for what the whole cluster keeps, in <c>swarm init</c>, <c>update</c> and <c>ca</c>.</summary>
internal static class SwarmSettings
{
    public static readonly Flag<bool> Autolock = Flag.Switch("autolock", "Enable manager autolocking (requiring an unlock key to start a stopped manager)");
    public static readonly Flag<long?> CertExpiry = Flag.Duration("cert-expiry", "Validity period for node certificates (ns|us|ms|s|m|h)");
    public static readonly ListFlag<WireExternalCa> ExternalCa = Flag.List("external-ca", "Specifications of one or more certificate signing endpoints", ReadExternalCa, valueName: "external-ca");
    private static readonly Flag<long?> Heartbeat = Flag.Duration("dispatcher-heartbeat", "Dispatcher heartbeat period (ns|us|ms|s|m|h)");
    private static readonly Flag<ulong?> MaxSnapshots = Flag.Count("max-snapshots", "Number of additional Raft snapshots to retain");
    private static readonly Flag<ulong?> SnapshotInterval = Flag.Count("snapshot-interval", "Number of log entries between Raft snapshots");
    private static readonly Flag<long?> History = Flag.Number("task-history-limit", "Task history retention limit");

    public static Flag[] Flags => [Autolock, CertExpiry, ExternalCa, Heartbeat, MaxSnapshots, SnapshotInterval, History];

    public static bool AnyGiven(Invocation call) => Array.Exists(Flags, call.Given);

    /// <summary>The settings with what was given.</summary>
    public static WireSwarmSpec Apply(Invocation call, WireSwarmSpec spec)
    {
        WireRaft raft = spec.Raft ?? new WireRaft();
        return spec with
        {
            Orchestration = call.Given(History) ? (spec.Orchestration ?? new WireOrchestration()) with { TaskHistoryRetentionLimit = call.Get(History) } : spec.Orchestration,
            Dispatcher = call.Given(Heartbeat) ? (spec.Dispatcher ?? new WireDispatcher()) with { HeartbeatPeriod = call.Get(Heartbeat) ?? 0 } : spec.Dispatcher,
            Raft = raft with
            {
                SnapshotInterval = call.Get(SnapshotInterval) ?? raft.SnapshotInterval,
                KeepOldSnapshots = call.Get(MaxSnapshots) ?? raft.KeepOldSnapshots,
            },
            CaConfig = ApplyCa(call, spec.CaConfig ?? new WireCaConfig()),
            EncryptionConfig = call.Given(Autolock) ? new WireEncryption { AutoLockManagers = call.Get(Autolock) } : spec.EncryptionConfig,
        };
    }

    public static WireCaConfig ApplyCa(Invocation call, WireCaConfig config) => config with
    {
        NodeCertExpiry = call.Given(CertExpiry) ? call.Get(CertExpiry) ?? 0 : config.NodeCertExpiry,
        ExternalCas = call.Given(ExternalCa) ? [.. call.All(ExternalCa)] : config.ExternalCas,
    };

    private static WireExternalCa ReadExternalCa(string text)
    {
        WireExternalCa ca = new();
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (string field in GoValues.Csv(text))
        {
            (string key, string value) = GoValues.Pair(field);
            switch (key.ToLowerInvariant())
            {
                case "protocol" when value.Equals("cfssl", StringComparison.OrdinalIgnoreCase):
                    ca = ca with { Protocol = "cfssl" };
                    break;
                case "protocol":
                    throw new FormatException($"unrecognized external CA protocol {value}");
                case "url":
                    ca = ca with { Url = value };
                    break;
                case "cacert":
                    ca = ca with { CaCert = File.ReadAllText(value) };
                    break;
                default:
                    options[key] = value;
                    break;
            }
        }

        return ca.Protocol is null ? throw new FormatException("the external-ca option needs a protocol= parameter")
            : ca.Url is null ? throw new FormatException("the external-ca option needs a url= parameter")
            : ca with { Options = options };
    }
}
