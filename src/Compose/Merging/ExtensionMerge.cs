namespace Skep.Compose;

/// <summary>Lays <c>x-</c> values over each other: mappings join, lists append, the rest is replaced.</summary>
internal static class ExtensionMerge
{
    public static IReadOnlyDictionary<string, ComposeValue> Join(
        IReadOnlyDictionary<string, ComposeValue> under, IReadOnlyDictionary<string, ComposeValue> over)
    {
        SortedDictionary<string, ComposeValue> joined = Maps.New<ComposeValue>();
        foreach ((string key, ComposeValue value) in under)
        {
            joined[key] = value;
        }

        foreach ((string key, ComposeValue value) in over)
        {
            joined[key] = joined.TryGetValue(key, out ComposeValue? first) ? Join(first, value) : value;
        }

        return joined;
    }

    private static ComposeValue Join(ComposeValue under, ComposeValue over) => (under, over) switch
    {
        (ComposeValue.Mapping a, ComposeValue.Mapping b) => a with
        {
            Entries =
            [
                .. a.Entries.Select(entry => KeyValuePair.Create(entry.Key, b[entry.Key] is { } upper ? Join(entry.Value, upper) : entry.Value)),
                .. b.Entries.Where(entry => a[entry.Key] is null),
            ],
        },
        (ComposeValue.Sequence a, ComposeValue.Sequence b) => a with { Items = [.. a.Items, .. b.Items] },
        _ => over,
    };
}
