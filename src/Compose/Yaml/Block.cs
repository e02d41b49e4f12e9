using System.Globalization;

namespace Skep.Compose;

/// <summary>Builds a mapping key by key, leaving out what says nothing.</summary>
internal sealed class Block
{
    private readonly List<KeyValuePair<string, ComposeValue>> _entries = [];

    public ComposeValue.Mapping Value => new(_entries, HasOtherKeys: false);

    /// <summary>The mapping, or null where it is empty and so is left out.</summary>
    public ComposeValue.Mapping? OrNothing => _entries.Count == 0 ? null : Value;

    public Block Add(string key, ComposeValue? value)
    {
        if (value is not null)
        {
            _entries.Add(new(key, value));
        }

        return this;
    }

    public Block Add(string key, string text) => text.Length == 0 ? this : Add(key, new ComposeValue.Text(text));

    public Block Add(string key, bool flag) => flag ? Add(key, new ComposeValue.Bool(true)) : this;

    public Block Add(string key, long number) => number == 0 ? this : Add(key, new ComposeValue.Whole(number));

    public Block Add(string key, ulong? number) => number is { } given ? Add(key, new ComposeValue.Whole(given)) : this;

    public Block Add(string key, float number) =>
        number == 0 ? this : Add(key, new ComposeValue.Real(double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)));

    public Block Add(string key, ComposeDuration? duration) => duration is { } given ? Add(key, new ComposeValue.Text(given.ToString())) : this;

    /// <summary>Memory is written as a text of digits.</summary>
    public Block AddBytes(string key, long bytes) =>
        bytes == 0 ? this : Add(key, new ComposeValue.Text(bytes.ToString(CultureInfo.InvariantCulture)));

    public Block Add(string key, IReadOnlyList<string> texts) => AddList(key, texts, static text => new ComposeValue.Text(text));

    public Block Add(string key, IReadOnlyDictionary<string, string> map) => AddMap(key, map, static text => new ComposeValue.Text(text));

    public Block AddList<T>(string key, IReadOnlyList<T> items, Func<T, ComposeValue> value) =>
        items.Count == 0 ? this : Add(key, new ComposeValue.Sequence([.. items.Select(value)]));

    public Block AddMap<T>(string key, IReadOnlyDictionary<string, T> map, Func<T, ComposeValue> value) =>
        map.Count == 0 ? this : Add(key, Map(map, value));

    public Block AddAll(IReadOnlyDictionary<string, ComposeValue> map)
    {
        foreach ((string key, ComposeValue value) in map.OrderBy(static entry => entry.Key, KeyOrder.Instance))
        {
            Add(key, Sorted(value));
        }

        return this;
    }

    public static ComposeValue.Mapping Map<T>(IReadOnlyDictionary<string, T> map, Func<T, ComposeValue> value) => new(
        [.. map.OrderBy(static entry => entry.Key, KeyOrder.Instance).Select(entry => KeyValuePair.Create(entry.Key, value(entry.Value)))],
        HasOtherKeys: false);

    private static ComposeValue Sorted(ComposeValue value) => value switch
    {
        ComposeValue.Mapping map => map with
        {
            Entries = [.. map.Entries.OrderBy(static entry => entry.Key, KeyOrder.Instance).Select(static entry => KeyValuePair.Create(entry.Key, Sorted(entry.Value)))],
        },
        ComposeValue.Sequence list => list with { Items = [.. list.Items.Select(Sorted)] },
        _ => value,
    };
}
