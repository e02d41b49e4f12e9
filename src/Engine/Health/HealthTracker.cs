using Skep.Engine.Containers;
using Skep.Engine.Images;

namespace Skep.Engine.Health;

/// <summary>How a task's health is asked, with nothing left open.</summary>
/// <param name="Args">Program and arguments of a probe.</param>
internal sealed record HealthPlan(ValueList<string> Args, TimeSpan Interval, TimeSpan Timeout, int Retries, TimeSpan StartPeriod, TimeSpan StartInterval)
{
    /// <summary>A limit as Docker's message has it: 500ms, 1.5s, 2m0s.</summary>
    internal static string GoText(TimeSpan limit) => limit.TotalSeconds < 1
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{limit.TotalMilliseconds:0.######}ms")
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(limit.TotalHours >= 1 ? $"{(int)limit.TotalHours}h" : "")}{(limit.TotalMinutes >= 1 ? $"{limit.Minutes}m" : "")}{limit.Seconds + (limit.Milliseconds / 1000m):0.###}s");

    /// <summary>The spec's wishes over the image's over Docker's defaults; null when nothing is asked.</summary>
    /// <remarks>Source: moby/moby:daemon/health.go; daemon/commit.go merge of Healthcheck.</remarks>
    public static HealthPlan? From(HealthCheck? spec, ImageSettings image)
    {
        HealthCheck? inherited = image.HealthCheck;
        if (spec is null && inherited is null)
        {
            return null;
        }

        spec ??= new HealthCheck();
        ValueList<string> test = spec.Test.IsEmpty ? inherited?.Test ?? [] : spec.Test;
        if (test.IsEmpty || test[0] == "NONE")
        {
            return null;
        }

        ValueList<string> rest = test.Skip(1).ToValueList();
        ValueList<string> shell = image.Shell.IsEmpty ? ["/bin/sh", "-c"] : image.Shell;
        return new HealthPlan(
            test[0] switch
            {
                "CMD" => rest,
                "CMD-SHELL" => [.. shell, .. rest],
                _ => throw ClusterException.Invalid($"unknown type of health check {test[0]}: CMD, CMD-SHELL or NONE is needed"),
            },
            Pick(spec.Interval, inherited?.Interval, TimeSpan.FromSeconds(30)),
            Pick(spec.Timeout, inherited?.Timeout, TimeSpan.FromSeconds(30)),
            spec.Retries > 0 ? spec.Retries : inherited is { Retries: > 0 } ? inherited.Retries : 3,
            Pick(spec.StartPeriod, inherited?.StartPeriod, TimeSpan.Zero),
            Pick(spec.StartInterval, inherited?.StartInterval, TimeSpan.FromSeconds(5)));

        static TimeSpan Pick(TimeSpan asked, TimeSpan? inherited, TimeSpan otherwise)
            => asked > TimeSpan.Zero ? asked : inherited is { } value && value > TimeSpan.Zero ? value : otherwise;
    }
}

/// <summary>What the probes so far say. Pure: results in, state out.</summary>
internal sealed record HealthTracker(HealthPlan Plan, DateTimeOffset StartedAt)
{
    private const int KeptProbes = 5;

    public LocalHealth Present { get; init; } = new(HealthState.Starting, 0, []);

    /// <summary>How long to wait before the next probe.</summary>
    public TimeSpan NextInterval(DateTimeOffset now)
        => Present.State == HealthState.Starting && now - StartedAt < Plan.StartPeriod && Plan.StartInterval < Plan.Interval ? Plan.StartInterval : Plan.Interval;

    /// <remarks>Failures within the start period do not count; a success ends it.</remarks>
    public HealthTracker After(LocalHealthProbe probe)
    {
        ValueList<LocalHealthProbe> log = Present.Log.Add(probe).TakeLast(KeptProbes).ToValueList();
        if (probe.ExitCode == 0)
        {
            return this with { Present = new LocalHealth(HealthState.Healthy, 0, log) };
        }

        bool isForgiven = Present.State == HealthState.Starting && probe.Start - StartedAt < Plan.StartPeriod;
        int streak = isForgiven ? Present.FailingStreak : Present.FailingStreak + 1;
        return this with { Present = new LocalHealth(streak >= Plan.Retries ? HealthState.Unhealthy : Present.State, streak, log) };
    }
}
