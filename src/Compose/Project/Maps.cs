using System.Collections.Frozen;

namespace Skep.Compose;

/// <summary>The maps of a project: ordinal order, never changed after they are handed out.</summary>
internal static class Maps
{
    public static IReadOnlyDictionary<string, T> None<T>() => FrozenDictionary<string, T>.Empty;

    public static SortedDictionary<string, T> New<T>() => new(StringComparer.Ordinal);

    /// <summary>Both maps together; where both have a key, <paramref name="over"/> wins.</summary>
    public static IReadOnlyDictionary<string, T> Join<T>(IReadOnlyDictionary<string, T> under, IReadOnlyDictionary<string, T> over)
    {
        SortedDictionary<string, T> joined = New<T>();
        foreach ((string key, T value) in under)
        {
            joined[key] = value;
        }

        foreach ((string key, T value) in over)
        {
            joined[key] = value;
        }

        return joined;
    }
}
