using System.Collections;

namespace Skep.Store;

/// <summary>All objects of one kind at one index, enumerated in ordinal order of their ids. Immutable.</summary>
public abstract class ObjectTable<T> : IReadOnlyCollection<T>
    where T : class, IStoredObject
{
    private readonly OrderedMap<TextKey, T> _byId;

    private protected ObjectTable(OrderedMap<TextKey, T> byId) => _byId = byId;

    public int Count => _byId.Count;

    /// <summary>The object with this id, given as text.</summary>
    public T? FindKey(string key) => _byId.TryGetValue(new TextKey(key), out T? found) ? found : null;

    /// <summary>Those whose id begins so; for abbreviations that users type. The empty text finds all.</summary>
    public IReadOnlyCollection<T> WithIdPrefix(string prefix) => _byId.Range(new WithPrefix(prefix));

    public IEnumerator<T> GetEnumerator() => _byId.Range(default(Everything<TextKey>)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private protected OrderedMap<TextKey, T> Replaced(T? old, T? present, EditToken token)
        => present is not null ? _byId.Set(new TextKey(present.Key), present, token) : _byId.Remove(new TextKey(old!.Key), token);

    /// <summary>An index by a text of the object, brought from <paramref name="old"/> to <paramref name="present"/>.</summary>
    private protected static OrderedMap<NameKey, T> Renamed(OrderedMap<NameKey, T> index, T? old, string? oldName, T? present, string? name, EditToken token)
    {
        if (oldName is not null && oldName != name)
        {
            index = index.Remove(new NameKey(oldName, old!.Key), token);
        }

        return name is null ? index : index.Set(new NameKey(name, present!.Key), present, token);
    }
}
