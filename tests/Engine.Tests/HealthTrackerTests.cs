using Skep.Engine.Containers;
using Skep.Engine.Health;
using Skep.Engine.Images;

namespace Skep.Engine.Tests;

public sealed class HealthTrackerTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Health_counts_failures_only_after_the_start_period()
    {
        HealthPlan plan = HealthPlan.From(new HealthCheck { Test = ["CMD", "x"], Retries = 2, StartPeriod = TimeSpan.FromSeconds(10), Interval = TimeSpan.FromSeconds(20) }, new ImageSettings())!;
        var tracker = new HealthTracker(plan, Now);
        Assert.Equal(TimeSpan.FromSeconds(5), tracker.NextInterval(Now));
        tracker = tracker.After(Probe(1, 1)).After(Probe(2, 1)).After(Probe(3, 1));
        Assert.Equal((HealthState.Starting, 0), (tracker.Present.State, tracker.Present.FailingStreak));
        tracker = tracker.After(Probe(4, 0)).After(Probe(5, 1));
        Assert.Equal((HealthState.Healthy, 1), (tracker.Present.State, tracker.Present.FailingStreak));
        Assert.Equal(HealthState.Unhealthy, tracker.After(Probe(6, 1)).Present.State);
        Assert.Null(HealthPlan.From(new HealthCheck { Test = ["NONE"] }, new ImageSettings { HealthCheck = new HealthCheck { Test = ["CMD", "x"] } }));

        static LocalHealthProbe Probe(int second, int code) => new(Now.AddSeconds(second), Now.AddSeconds(second), code, "");
    }
}
