using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Skep.Model;

/// <summary>An immutable map, enumerated in the order of its keys (strings: ordinal), equal to another when its pairs are.</summary>
public sealed class ValueMap<TKey, TValue> : IReadOnlyDictionary<TKey, TValue>, IEquatable<ValueMap<TKey, TValue>>
    where TKey : notnull
{
    private readonly ImmutableSortedDictionary<TKey, TValue> _items;

    public ValueMap(IEnumerable<KeyValuePair<TKey, TValue>> items) => _items = EmptyItems.SetItems(items);

    private ValueMap(ImmutableSortedDictionary<TKey, TValue> items) => _items = items;

    private static ImmutableSortedDictionary<TKey, TValue> EmptyItems { get; } =
        ImmutableSortedDictionary.Create<TKey, TValue>(typeof(TKey) == typeof(string) ? (IComparer<TKey>)(object)StringComparer.Ordinal : Comparer<TKey>.Default);

    public static ValueMap<TKey, TValue> Empty { get; } = new(EmptyItems);

    public int Count => _items.Count;

    public IEnumerable<TKey> Keys => _items.Keys;

    public IEnumerable<TValue> Values => _items.Values;

    public TValue this[TKey key] => _items[key];

    public bool ContainsKey(TKey key) => _items.ContainsKey(key);

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => _items.TryGetValue(key, out value);

    public ValueMap<TKey, TValue> Set(TKey key, TValue value) => new(_items.SetItem(key, value));

    public ValueMap<TKey, TValue> SetItems(IEnumerable<KeyValuePair<TKey, TValue>> items) => new(_items.SetItems(items));

    public ValueMap<TKey, TValue> Remove(TKey key) => new(_items.Remove(key));

    public bool Equals(ValueMap<TKey, TValue>? other)
    {
        if (other is null || other.Count != Count)
        {
            return false;
        }

        return ReferenceEquals(_items, other._items) || _items.SequenceEqual(other._items);
    }

    public override bool Equals(object? obj) => Equals(obj as ValueMap<TKey, TValue>);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach ((TKey key, TValue value) in _items)
        {
            hash.Add(key);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{{{string.Join(", ", _items.Select(p => $"{p.Key}={p.Value}"))}}}";

    public static bool operator ==(ValueMap<TKey, TValue>? left, ValueMap<TKey, TValue>? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(ValueMap<TKey, TValue>? left, ValueMap<TKey, TValue>? right) => !(left == right);
}

/// <summary>Makes <see cref="ValueMap{TKey,TValue}"/>s.</summary>
public static class ValueMap
{
    public static ValueMap<TKey, TValue> ToValueMap<TKey, TValue>(this IEnumerable<KeyValuePair<TKey, TValue>> items)
        where TKey : notnull
        => new(items);

    public static ValueMap<TKey, TValue> ToValueMap<TSource, TKey, TValue>(this IEnumerable<TSource> items, Func<TSource, TKey> key, Func<TSource, TValue> value)
        where TKey : notnull
        => new(items.Select(item => KeyValuePair.Create(key(item), value(item))));
}
