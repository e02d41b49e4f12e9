using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Skep.Testing.Clusters;

namespace Skep.Chaos.Load;

/// <summary>What the cluster answered, to hold it to its word: a created thing that was acknowledged is there, a deleted one is not.</summary>
/// <remarks>A request without an answer may have happened or not; nothing is demanded of it.</remarks>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private enum Fate
    {
        Unknown,
        Created,
        Deleted,
        DeleteUnknown,
    }

    private sealed record Entry(Fate Fate, string? Id, string Content);

    public int Acknowledged => _entries.Values.Count(e => e.Fate is Fate.Created or Fate.Deleted);

    public void Trying(string name, string content) => _entries[name] = new Entry(Fate.Unknown, null, content);

    public void Created(string name, string id) => _entries[name] = _entries[name] with { Fate = Fate.Created, Id = id };

    public void TryingToDelete(string name) => _entries[name] = _entries[name] with { Fate = Fate.DeleteUnknown };

    public void Deleted(string name) => _entries[name] = _entries[name] with { Fate = Fate.Deleted };

    /// <summary>Null when a manager holds all that was promised; else what it lost or kept.</summary>
    public async Task<string?> BrokenPromiseAsync(EngineClient manager)
    {
        Dictionary<string, JsonObject> present = (await manager.ListAsync("configs")).ToDictionary(c => (string)c["Spec"]!["Name"]!, StringComparer.Ordinal);
        foreach ((string name, Entry entry) in _entries)
        {
            JsonObject? found = present.GetValueOrDefault(name);
            switch (entry.Fate)
            {
                case Fate.Created when found is null:
                    return $"{name} was acknowledged as created ({entry.Id}) and is not there";
                case Fate.Created when (string)found!["ID"]! != entry.Id || (string)found["Spec"]!["Data"]! != entry.Content:
                    return $"{name} was acknowledged as {entry.Id} with {entry.Content} and is now {found.ToJsonString()}";
                case Fate.Deleted when found is not null:
                    return $"{name} was acknowledged as deleted and is there";
            }
        }

        return null;
    }
}
