namespace Skep.Overlay.Nftables;

/// <summary>A table as it is in the kernel: which definition, which chains for how many slots, which elements.</summary>
/// <remarks>Keys and values are nft's own text: <c>tcp . 8080 . 0</c> → <c>10.0.0.5 . 80</c>; the value is empty for sets.</remarks>
internal sealed class TableState
{
    /// <summary><see cref="TableDefinition.Marker"/> of the definition; null: no such table.</summary>
    public string? Marker { get; set; }

    public SortedSet<int> BalanceChains { get; } = [];

    public Dictionary<string, Dictionary<string, string>> Elements { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> In(string set)
    {
        if (!Elements.TryGetValue(set, out Dictionary<string, string>? elements))
        {
            Elements[set] = elements = new Dictionary<string, string>(StringComparer.Ordinal);
        }

        return elements;
    }

    public void Clear()
    {
        Marker = null;
        BalanceChains.Clear();
        Elements.Clear();
    }
}
