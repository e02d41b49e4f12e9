using System.Globalization;

namespace Grpc.Core.Wire;

/// <summary>The <c>grpc-timeout</c> header: at most eight digits and a unit.</summary>
/// <remarks>Source: grpc/grpc:doc/PROTOCOL-HTTP2.md.</remarks>
internal static class GrpcTimeout
{
    private const long MaxValue = 99_999_999;

    /// <summary>The finest unit that holds the value, rounded up so that the peer never gives up earlier than we do.</summary>
    public static string Format(TimeSpan timeout)
    {
        long ticks = timeout.Ticks;
        if (ticks <= 0)
            return "1n";
        if (ticks <= MaxValue / TimeSpan.NanosecondsPerTick)
            return Text(ticks * TimeSpan.NanosecondsPerTick, 'n');
        if (Units(ticks, TimeSpan.TicksPerMicrosecond) is var micros and <= MaxValue)
            return Text(micros, 'u');
        if (Units(ticks, TimeSpan.TicksPerMillisecond) is var millis and <= MaxValue)
            return Text(millis, 'm');
        if (Units(ticks, TimeSpan.TicksPerSecond) is var seconds and <= MaxValue)
            return Text(seconds, 'S');
        if (Units(ticks, TimeSpan.TicksPerMinute) is var minutes and <= MaxValue)
            return Text(minutes, 'M');
        return Text(Math.Min(Units(ticks, TimeSpan.TicksPerHour), MaxValue), 'H');
    }

    /// <summary>Null for what is not a time-out; <see cref="TimeSpan.MaxValue"/> for what is longer than we can count.</summary>
    public static TimeSpan? Parse(string? text)
    {
        if (text is null || text.Length is < 2 or > 9)
            return null;
        if (!long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            return null;
        long? ticksPerUnit = text[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,
            'n' => 0,
            _ => null,
        };
        if (ticksPerUnit is null)
            return null;
        if (ticksPerUnit == 0)
            return TimeSpan.FromTicks(Units(value, TimeSpan.NanosecondsPerTick));
        return value > TimeSpan.MaxValue.Ticks / ticksPerUnit.Value ? TimeSpan.MaxValue : TimeSpan.FromTicks(value * ticksPerUnit.Value);
    }

    private static long Units(long ticks, long ticksPerUnit) => (ticks / ticksPerUnit) + (ticks % ticksPerUnit == 0 ? 0 : 1);

    private static string Text(long value, char unit) => string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
}
