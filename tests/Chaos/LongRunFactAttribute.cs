using System.Globalization;

namespace Skep.Chaos;

/// <summary>Runs for as many minutes as SKEP_CHAOS_MINUTES says, with faults chosen by SKEP_CHAOS_SEED (1 without it); skipped, and said to be, when nobody asked.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongRunFactAttribute : FactAttribute
{
    public LongRunFactAttribute()
    {
        if (Length <= TimeSpan.Zero)
        {
            Skip = "runs by hand: SKEP_CHAOS_MINUTES says for how long";
        }
    }

    public static TimeSpan Length { get; } = TimeSpan.FromMinutes(double.Parse(Environment.GetEnvironmentVariable("SKEP_CHAOS_MINUTES") ?? "0", CultureInfo.InvariantCulture));

    public static int Seed { get; } = int.Parse(Environment.GetEnvironmentVariable("SKEP_CHAOS_SEED") ?? "1", CultureInfo.InvariantCulture);
}
