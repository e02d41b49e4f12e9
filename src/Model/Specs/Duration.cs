namespace Skep.Model;

/// <summary>A length of time in a spec, kept to the nanosecond as people's tools write it: what was sent is what is read back.</summary>
/// <param name="Nanoseconds">Negative: as the field that holds it says.</param>
/// <remarks>Where time is measured it becomes a <see cref="TimeSpan"/>, which knows steps of 100 ns.</remarks>
public readonly record struct Duration(long Nanoseconds)
{
    public TimeSpan ToTimeSpan() => new(Nanoseconds / TimeSpan.NanosecondsPerTick);

    /// <exception cref="OverflowException">More than 292 years.</exception>
    public static Duration Of(TimeSpan time) => new(checked(time.Ticks * TimeSpan.NanosecondsPerTick));

    public static implicit operator TimeSpan(Duration duration) => duration.ToTimeSpan();

    public static implicit operator Duration(TimeSpan time) => Of(time);

    public override string ToString() => ToTimeSpan().ToString();
}
