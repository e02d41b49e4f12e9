using Skep.Cli.Parsing;

namespace Skep.Cli.Services;

/// <summary>Flags that <c>service create</c> and <c>service update</c> share.</summary>
internal static class ServiceFlags
{
    public static readonly Flag<string> Workdir = Flag.Text("workdir", "Working directory inside the container", 'w');
    public static readonly Flag<string> User = Flag.Text("user", "Username or UID (format: <name|uid>[:<group|gid>])", 'u');
    public static readonly Flag<string> CredentialSpec = Flag.Text("credential-spec", "Credential spec for managed service account (Windows only)", valueName: "credential-spec");
    public static readonly Flag<bool> Tty = Flag.Switch("tty", "Allocate a pseudo-TTY", 't');
    public static readonly Flag<string> Hostname = Flag.Text("hostname", "Container hostname");
    public static readonly Flag<bool> Init = Flag.Switch("init", "Use an init inside each service container to forward signals and reap processes");
    public static readonly Flag<string> Isolation = Flag.Text("isolation", "Service container isolation mode");
    public static readonly Flag<bool> ReadOnly = Flag.Switch("read-only", "Mount the container's root filesystem as read only");
    public static readonly Flag<long?> StopGracePeriod = Flag.Duration("stop-grace-period", "Time to wait before force killing a container (ns|us|ms|s|m|h) (default 10s)");
    public static readonly Flag<string> StopSignal = Flag.Text("stop-signal", "Signal to stop the container");
    public static readonly Flag<string> Entrypoint = Flag.Text("entrypoint", "Overwrite the default ENTRYPOINT of the image", valueName: "command");
    public static readonly Flag<long?> OomScoreAdj = Flag.Number("oom-score-adj", "Tune host's OOM preferences (-1000 to 1000)");

    public static readonly Flag<long?> LimitCpu = Flag.Cpus("limit-cpu", "Limit CPUs");
    public static readonly Flag<long?> LimitMemory = Flag.Bytes("limit-memory", "Limit Memory");
    public static readonly Flag<long?> LimitPids = Flag.Number("limit-pids", "Limit maximum number of processes (default 0 = unlimited)");
    public static readonly Flag<long?> ReserveCpu = Flag.Cpus("reserve-cpu", "Reserve CPUs");
    public static readonly Flag<long?> ReserveMemory = Flag.Bytes("reserve-memory", "Reserve Memory");

    public static readonly Flag<string> RestartCondition = Flag.Text("restart-condition", "Restart when condition is met (\"none\", \"on-failure\", \"any\") (default \"any\")");
    public static readonly Flag<long?> RestartDelay = Flag.Duration("restart-delay", "Delay between restart attempts (ns|us|ms|s|m|h) (default 5s)");
    public static readonly Flag<ulong?> RestartMaxAttempts = Flag.Count("restart-max-attempts", "Maximum number of restarts before giving up");
    public static readonly Flag<long?> RestartWindow = Flag.Duration("restart-window", "Window used to evaluate the restart policy (ns|us|ms|s|m|h)");

    public static readonly Flag<ulong?> Replicas = Flag.Count("replicas", "Number of tasks");
    public static readonly Flag<ulong?> MaxPerNode = Flag.Count("replicas-max-per-node", "Maximum number of tasks per node (default 0 = unlimited)");
    public static readonly Flag<ulong?> MaxConcurrent = Flag.Count("max-concurrent", "Number of job tasks to run concurrently (default equal to --replicas)");

    public static readonly RolloutFlags Update = new("update", "update");
    public static readonly RolloutFlags Rollback = new("rollback", "rollback");

    public static readonly Flag<string> EndpointMode = Flag.Text("endpoint-mode", "Endpoint mode (vip or dnsrr)");
    public static readonly Flag<bool> WithRegistryAuth = Flag.Switch("with-registry-auth", "Send registry authentication details to swarm agents");
    public static readonly Flag<bool> NoResolveImage = Flag.Switch("no-resolve-image", "Do not query the registry to resolve image digest and supported platforms");

    public static readonly Flag<string> HealthCommand = Flag.Text("health-cmd", "Command to run to check health");
    public static readonly Flag<long?> HealthInterval = Flag.Duration("health-interval", "Time between running the check (ms|s|m|h)");
    public static readonly Flag<long?> HealthTimeout = Flag.Duration("health-timeout", "Maximum time to allow one check to run (ms|s|m|h)");
    public static readonly Flag<long?> HealthRetries = Flag.Number("health-retries", "Consecutive failures needed to report unhealthy");
    public static readonly Flag<long?> HealthStartPeriod = Flag.Duration("health-start-period", "Start period for the container to initialize before counting retries towards unstable (ms|s|m|h)");
    public static readonly Flag<long?> HealthStartInterval = Flag.Duration("health-start-interval", "Time between running the check during the start period (ms|s|m|h)");
    public static readonly Flag<bool> NoHealthcheck = Flag.Switch("no-healthcheck", "Disable any container-specified HEALTHCHECK");

    public static readonly Flag<string> LogDriver = Flag.Text("log-driver", "Logging driver for service");
    public static readonly ListFlag<string> LogOptions = Flag.List("log-opt", "Logging driver options");

    public static readonly ListFlag<string> CapAdd = Flag.List("cap-add", "Add Linux capabilities", Values.SmallValues.Capability);
    public static readonly ListFlag<string> CapDrop = Flag.List("cap-drop", "Drop Linux capabilities", Values.SmallValues.Capability);

    public static readonly Flag[] Health = [HealthCommand, HealthInterval, HealthTimeout, HealthRetries, HealthStartPeriod, HealthStartInterval];

    public static Flag[] Shared =>
    [
        CommonFlags.Detach, CommonFlags.QuietProgress, Workdir, User, CredentialSpec, Tty, Hostname, Init, Isolation, ReadOnly, StopGracePeriod, StopSignal, Entrypoint, OomScoreAdj,
        LimitCpu, LimitMemory, LimitPids, ReserveCpu, ReserveMemory, RestartCondition, RestartDelay, RestartMaxAttempts, RestartWindow,
        Replicas, MaxPerNode, MaxConcurrent, .. Update.All, .. Rollback.All, EndpointMode, WithRegistryAuth, NoResolveImage,
        .. Health, NoHealthcheck, LogDriver, LogOptions, CapAdd, CapDrop,
    ];

    public static bool Any(Invocation call, params Flag[] flags) => Array.Exists(flags, call.Given);
}

/// <summary>The six flags that say how an update or a rollback goes.</summary>
internal sealed class RolloutFlags(string prefix, string what)
{
    public Flag<ulong?> Parallelism { get; } = Flag.Count($"{prefix}-parallelism", $"Maximum number of tasks in {what} simultaneously (0 to {what} all at once)");

    public Flag<long?> Delay { get; } = Flag.Duration($"{prefix}-delay", $"Delay between task {what}s (ns|us|ms|s|m|h)");

    public Flag<long?> Monitor { get; } = Flag.Duration($"{prefix}-monitor", $"Duration after each task {what} to monitor for failure (ns|us|ms|s|m|h)");

    public Flag<string> FailureAction { get; } = Flag.Text($"{prefix}-failure-action", $"Action on {what} failure (\"pause\", \"continue\"{(prefix == "update" ? ", \"rollback\"" : "")})");

    public Flag<float> MaxFailureRatio { get; } = new($"{prefix}-max-failure-ratio", null, "float", $"Failure rate to tolerate during a {what}", GoValues.Ratio, 0);

    public Flag<string> Order { get; } = Flag.Text($"{prefix}-order", $"{Output.HumanFormat.Capital(what)} order (\"start-first\", \"stop-first\")");

    public Flag[] All => [Parallelism, Delay, Monitor, FailureAction, MaxFailureRatio, Order];
}
