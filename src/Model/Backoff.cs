namespace Skep.Model;

/// <summary>Pauses between attempts, each twice as long as the one before.</summary>
public static class Backoff
{
    public static TimeSpan Next(TimeSpan pause, TimeSpan longest) => TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, longest.Ticks));
}
