using System.Globalization;
using Skep.Overlay.Nftables;

namespace Skep.Overlay.Planning;

/// <summary>What a table is to hold: plain elements, and services whose slots follow from what is there.</summary>
internal sealed class TableTarget(TableDefinition definition, string servicesMap, string backendsMap)
{
    private readonly Dictionary<string, Dictionary<string, string>> _elements = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, IReadOnlyList<string>> _services = new(StringComparer.Ordinal);

    public TableDefinition Definition => definition;

    public void Add(string set, string key, string value = "")
    {
        if (!_elements.TryGetValue(set, out Dictionary<string, string>? elements))
        {
            _elements[set] = elements = new Dictionary<string, string>(StringComparer.Ordinal);
        }

        elements[key] = value;
    }

    /// <summary>A service with at least one backend.</summary>
    public void AddService(string key, IReadOnlyList<string> backends) => _services[key] = backends;

    /// <summary>The transaction that leads from what is there to the target; its <see cref="TableChange.Count"/> is 0 if that is the same.</summary>
    public TableChange ChangeFrom(TableState present)
    {
        bool isSameDefinition = present.Marker == definition.Marker;
        TableState from = isSameDefinition ? present : new TableState();
        var change = new TableChange(definition) { Replaces = !isSameDefinition };
        AddServices(present); // slots survive even a new definition
        SortedSet<int> counts = [.. _services.Values.Select(b => b.Count)];
        change.NewBalanceChains.AddRange(counts.Except(from.BalanceChains));
        change.OldBalanceChains.AddRange(from.BalanceChains.Except(counts));
        foreach (string set in _elements.Keys.Union(from.Elements.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            Compare(set, from.Elements.GetValueOrDefault(set), _elements.GetValueOrDefault(set), change);
        }

        return change;
    }

    private void AddServices(TableState present)
    {
        Dictionary<string, List<string?>> slots = SlotsIn(present);
        foreach ((string key, IReadOnlyList<string> backends) in _services)
        {
            List<string> assigned = SlotTable.Assign(slots.GetValueOrDefault(key) ?? [], backends);
            for (int slot = 0; slot < assigned.Count; slot++)
            {
                Add(backendsMap, $"{key} . {slot}", assigned[slot]);
            }

            Add(servicesMap, key, $"goto lb{assigned.Count}");
        }
    }

    private Dictionary<string, List<string?>> SlotsIn(TableState present)
    {
        var slots = new Dictionary<string, List<string?>>(StringComparer.Ordinal);
        foreach ((string key, string backend) in present.Elements.GetValueOrDefault(backendsMap) ?? [])
        {
            int split = key.LastIndexOf(" . ", StringComparison.Ordinal);
            string service = key[..split];
            if (!_services.ContainsKey(service))
            {
                continue;
            }

            int slot = int.Parse(key.AsSpan(split + 3), CultureInfo.InvariantCulture);
            if (!slots.TryGetValue(service, out List<string?>? list))
            {
                slots[service] = list = [];
            }

            while (list.Count <= slot)
            {
                list.Add(null);
            }

            list[slot] = backend;
        }
        return slots;
    }

    private static void Compare(string set, Dictionary<string, string>? from, Dictionary<string, string>? to, TableChange change)
    {
        foreach ((string key, string value) in from ?? [])
        {
            if (to is null || !to.TryGetValue(key, out string? wanted) || wanted != value)
            {
                change.Deletes.Add((set, key));
            }
        }
        foreach ((string key, string value) in to ?? [])
        {
            if (from is null || !from.TryGetValue(key, out string? present) || present != value)
            {
                change.Adds.Add((set, key, value));
            }
        }
    }
}
