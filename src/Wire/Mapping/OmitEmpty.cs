using Skep.Model;

namespace Skep.Wire.Mapping;

/// <summary>Docker leaves most empty fields out; these turn empty into absent and back.</summary>
public static class OmitEmpty
{
    public static string? OrAbsent(this string text) => text.Length == 0 ? null : text;

    public static Duration? ToDuration(this long? nanoseconds) => nanoseconds is { } value ? new Duration(value) : null;

    public static List<string>? OrAbsent(this ValueList<string> items) => items.IsEmpty ? null : [.. items];

    public static List<TOut>? OrAbsent<TIn, TOut>(this ValueList<TIn> items, Func<TIn, TOut> map) => items.IsEmpty ? null : [.. items.Select(map)];

    public static Dictionary<string, string>? OrAbsent(this ValueMap<string, string> items) => items.Count == 0 ? null : items.ToWire();

    public static Dictionary<string, string> ToWire(this ValueMap<string, string> items)
    {
        // Filled in the map's order, which serialization keeps.
        var result = new Dictionary<string, string>(items.Count, StringComparer.Ordinal);
        foreach ((string key, string value) in items)
        {
            result[key] = value;
        }

        return result;
    }

    public static ValueMap<string, string> ToModel(this Dictionary<string, string>? items)
        => items is null || items.Count == 0
            ? ValueMap<string, string>.Empty
            : items.Select(p => KeyValuePair.Create(p.Key, p.Value ?? "")).ToValueMap();

    public static ValueList<string> ToModel(this List<string>? items) => items is null ? [] : [.. items];

    public static ValueList<TOut> ToModel<TIn, TOut>(this List<TIn>? items, Func<TIn, TOut> map) => items is null ? [] : items.Select(map).ToValueList();

    public static long ToNanoseconds(this TimeSpan duration) => checked(duration.Ticks * TimeSpan.NanosecondsPerTick);

    public static TimeSpan FromNanoseconds(long nanoseconds) => TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);

    public static WireVersion ToWire(this ObjectVersion version) => new() { Index = version.Index };

    public static WireDriver ToWire(this Driver driver) => new() { Name = driver.Name.OrAbsent(), Options = driver.Options.OrAbsent() };

    public static Driver ToModel(this WireDriver driver) => new(driver.Name ?? "") { Options = driver.Options.ToModel() };

    public static WirePlatform ToWire(this Platform platform) => new() { Architecture = platform.Architecture.OrAbsent(), Os = platform.Os.OrAbsent() };

    public static Platform ToModel(this WirePlatform platform) => new(platform.Architecture ?? "", platform.Os ?? "");

    public static Annotations Annotations(string? name, Dictionary<string, string>? labels) => new(name ?? "") { Labels = labels.ToModel() };
}
