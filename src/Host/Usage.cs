using Microsoft.Extensions.Logging;

namespace Skep.Host;

/// <summary>What skepd says of its flags.</summary>
internal static class Usage
{
    public const string Text = """
        skepd: the daemon of a Skep node.

        Usage: skepd [FLAG VALUE]...
               skepd dashboard [--host unix:///var/run/docker.sock] [--listen 127.0.0.1:8900] [--open [--logs]]
                               [--cert FILE --key FILE] [--give-up SECONDS]

          --config FILE                 JSON with any of the flags below (default /etc/skep/skepd.json if it exists)
          --data-dir DIR                lasting data (default /var/lib/skep)
          --run-dir DIR                 data that ends with a reboot (default /run/skep)
          --socket FILE                 the Engine API's socket (default /run/skep/skep.sock)
          --group NAME                  group that may use the socket; its members are root here (default skep)
          --containerd FILE             containerd's socket (default /run/containerd/containerd.sock)
          --containerd-namespace NAME   namespace in containerd (default skep)
          --cgroup-parent PATH          parent of all containers' control groups (default /skep)
          --node-name NAME              the node's name (default the host name)
          --advertise-addr ADDR         address other nodes use, unless swarm init or join says another
          --listen-addr ADDR            where the node's gRPC listener binds (default 0.0.0.0:2377)
          --label KEY=VALUE             engine label, for constraints (repeatable)
          --node-generic-resource K=N   what services may reserve here with --generic-resource, such as gpu=2 (repeatable)
          --insecure-registry HOST      registry without TLS or with a certificate of its own, or a range of them as 10.0.0.0/8 (repeatable)
          --registry-mirror URL         asked before docker.io (repeatable)
          --dashboard-port PORT         port of the dashboard on managers, 0 for none (default 8900)
          --dashboard-cert FILE, --dashboard-key FILE
                                        serve the dashboard over TLS with them; renewed files are taken up by themselves
          --host tcp://ADDRESS:2376     serve the Engine API over TLS too (repeatable); needs the four flags below
          --tlsverify                   ask clients for a certificate
          --tlscacert FILE              who issues the clients' certificates
          --tlscert FILE, --tlskey FILE the daemon's own certificate and key
          --metrics-addr ADDR:PORT      serve /metrics for Prometheus there, for example 127.0.0.1:9323 (default nowhere)
          --backup-dir DIR              write backups of the cluster there, while this node is a manager (default none)
          --backup-key-file FILE        what seals them: at least 32 random bytes; needed with --backup-dir
          --backup-hours N              hours between two (default 24)
          --backup-keep N               so many of the newest stay (default 7)
          --accept-expired DAYS         believe certificates of other nodes so long after their end: those renew them, then take it out (default 0)
          --skip-entry ENTRY            log entry that every manager is to step over, as the error that stopped them names it (repeatable)
          --log-level LEVEL             debug, info, warn or error (default info)
        """;

    public static LogLevel LevelOf(string name) => name switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => throw ClusterException.Invalid($"--log-level {name}: must be debug, info, warn or error"),
    };
}
