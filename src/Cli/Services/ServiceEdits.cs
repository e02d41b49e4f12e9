using Skep.Cli.Parsing;
using Skep.Cli.Services.Values;
using Skep.Wire;
using static Skep.Cli.Services.ServiceFlags;

namespace Skep.Cli.Services;

/// <summary>Puts the flags that create and update share into a spec. What was not given stays as it is.</summary>
internal static class ServiceEdits
{
    private const long Second = 1_000_000_000;

    public static WireContainerSpec Container(Invocation call, WireContainerSpec spec) => spec with
    {
        Dir = Text(call, Workdir, spec.Dir),
        User = Text(call, ServiceFlags.User, spec.User),
        Hostname = Text(call, ServiceFlags.Hostname, spec.Hostname),
        Isolation = Text(call, ServiceFlags.Isolation, spec.Isolation),
        StopSignal = Text(call, ServiceFlags.StopSignal, spec.StopSignal),
        Tty = call.Given(ServiceFlags.Tty) ? call.Get(ServiceFlags.Tty) : spec.Tty,
        ReadOnly = call.Given(ServiceFlags.ReadOnly) ? call.Get(ServiceFlags.ReadOnly) : spec.ReadOnly,
        Init = call.Given(ServiceFlags.Init) ? call.Get(ServiceFlags.Init) : spec.Init,
        StopGracePeriod = call.Get(ServiceFlags.StopGracePeriod) ?? spec.StopGracePeriod,
        OomScoreAdj = call.Get(ServiceFlags.OomScoreAdj) ?? spec.OomScoreAdj,
        Command = call.Given(Entrypoint) ? Words(call.Get(Entrypoint)) : spec.Command,
        Privileges = call.Given(ServiceFlags.CredentialSpec) ? (spec.Privileges ?? new WirePrivileges()) with { CredentialSpec = Credential(call.Get(ServiceFlags.CredentialSpec)) } : spec.Privileges,
        Healthcheck = Healthcheck(call, spec.Healthcheck),
    };

    public static WireTaskSpec Task(Invocation call, WireTaskSpec spec) => spec with
    {
        Resources = Resources(call, spec.Resources),
        RestartPolicy = Restart(call, spec.RestartPolicy),
        LogDriver = LogDriver(call, spec.LogDriver),
    };

    public static WireUpdateConfig? Rollout(Invocation call, RolloutFlags flags, WireUpdateConfig? present)
    {
        if (!Any(call, flags.All))
        {
            return present;
        }

        WireUpdateConfig config = present ?? new WireUpdateConfig { Parallelism = 1, Monitor = 5 * Second, FailureAction = "pause", Order = "stop-first" };
        return config with
        {
            Parallelism = call.Get(flags.Parallelism) ?? config.Parallelism,
            Delay = call.Get(flags.Delay) ?? config.Delay,
            Monitor = call.Get(flags.Monitor) ?? config.Monitor,
            FailureAction = Text(call, flags.FailureAction, config.FailureAction),
            MaxFailureRatio = call.Given(flags.MaxFailureRatio) ? call.Get(flags.MaxFailureRatio) : config.MaxFailureRatio,
            Order = Text(call, flags.Order, config.Order),
        };
    }

    public static List<string> Words(string command)
    {
        try
        {
            return SmallValues.ShellWords(command);
        }
        catch (FormatException failure)
        {
            throw new CliException(failure.Message);
        }
    }

    private static string? Text(Invocation call, Flag<string> flag, string? present) => call.Given(flag) ? call.Get(flag) : present;

    private static WireTaskResources? Resources(Invocation call, WireTaskResources? present)
    {
        if (!Any(call, LimitCpu, LimitMemory, LimitPids, ReserveCpu, ReserveMemory))
        {
            return present;
        }

        WireResources limits = present?.Limits ?? new WireResources();
        WireResources reservations = present?.Reservations ?? new WireResources();
        return new WireTaskResources
        {
            Limits = limits with
            {
                NanoCpus = call.Get(LimitCpu) ?? limits.NanoCpus,
                MemoryBytes = call.Get(LimitMemory) ?? limits.MemoryBytes,
                Pids = call.Get(LimitPids) ?? limits.Pids,
            },
            Reservations = reservations with
            {
                NanoCpus = call.Get(ReserveCpu) ?? reservations.NanoCpus,
                MemoryBytes = call.Get(ReserveMemory) ?? reservations.MemoryBytes,
            },
        };
    }

    private static WireRestartPolicy? Restart(Invocation call, WireRestartPolicy? present)
    {
        if (!Any(call, RestartCondition, RestartDelay, RestartMaxAttempts, RestartWindow))
        {
            return present;
        }

        WireRestartPolicy policy = present ?? new WireRestartPolicy { Condition = "any", Delay = 5 * Second };
        return policy with
        {
            Condition = Text(call, RestartCondition, policy.Condition),
            Delay = call.Get(RestartDelay) ?? policy.Delay,
            MaxAttempts = call.Get(RestartMaxAttempts) ?? policy.MaxAttempts,
            Window = call.Get(RestartWindow) ?? policy.Window,
        };
    }

    private static WireDriver? LogDriver(Invocation call, WireDriver? present)
    {
        if (!Any(call, ServiceFlags.LogDriver, LogOptions))
        {
            return present;
        }

        Dictionary<string, string> options = call.All(LogOptions).Select(GoValues.Pair).GroupBy(static pair => pair.Key, StringComparer.Ordinal).ToDictionary(static group => group.Key, static group => group.Last().Value, StringComparer.Ordinal);
        return new WireDriver { Name = Text(call, ServiceFlags.LogDriver, present?.Name), Options = options.Count > 0 ? options : null };
    }

    public static WireHealthcheck? Healthcheck(Invocation call, WireHealthcheck? present)
    {
        bool any = Any(call, Health);
        if (call.Get(NoHealthcheck))
        {
            return any ? throw new CliException("--no-healthcheck conflicts with --health-* options") : new WireHealthcheck { Test = ["NONE"] };
        }

        if (!any)
        {
            return present;
        }

        WireHealthcheck check = present is null || (present.Test is ["NONE"] && call.Given(HealthCommand)) ? new WireHealthcheck() : present;
        return check with
        {
            Test = !call.Given(HealthCommand) ? check.Test : call.Get(HealthCommand) is { Length: > 0 } command ? ["CMD-SHELL", command] : [],
            Interval = call.Get(HealthInterval) ?? check.Interval,
            Timeout = call.Get(HealthTimeout) ?? check.Timeout,
            Retries = (int)(call.Get(HealthRetries) ?? check.Retries),
            StartPeriod = call.Get(HealthStartPeriod) ?? check.StartPeriod,
            StartInterval = call.Get(HealthStartInterval) ?? check.StartInterval,
        };
    }

    private static WireCredentialSpec Credential(string text) => text switch
    {
        _ when text.StartsWith("config://", StringComparison.Ordinal) => new WireCredentialSpec { Config = text["config://".Length..] },
        _ when text.StartsWith("file://", StringComparison.Ordinal) => new WireCredentialSpec { File = text["file://".Length..] },
        _ when text.StartsWith("registry://", StringComparison.Ordinal) => new WireCredentialSpec { Registry = text["registry://".Length..] },
        "" => new WireCredentialSpec(),
        _ => throw new CliException("invalid credential spec: value must be prefixed with 'config://', 'file://', or 'registry://'"),
    };
}
