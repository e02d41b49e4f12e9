using System.Text;

namespace Skep.Overlay.Nftables;

/// <summary>One transaction on one table.</summary>
internal sealed record TableChange(TableDefinition Definition)
{
    /// <summary>Make the table anew; what was in it goes.</summary>
    public bool Replaces { get; init; }

    public List<int> NewBalanceChains { get; } = [];

    /// <summary>Chains that no element leads to after the transaction: what nothing uses does not stay in the kernel.</summary>
    public List<int> OldBalanceChains { get; } = [];

    public List<(string Set, string Key)> Deletes { get; } = [];

    public List<(string Set, string Key, string Value)> Adds { get; } = [];

    /// <summary>How many kernel objects change.</summary>
    public int Count => (Replaces ? 1 : 0) + NewBalanceChains.Count + OldBalanceChains.Count + Deletes.Count + Adds.Count;

    /// <summary>Brings the picture of the table to what the kernel has after the transaction.</summary>
    public void ApplyTo(TableState table)
    {
        if (Replaces)
        {
            table.Clear();
            table.Marker = Definition.Marker;
        }
        table.BalanceChains.UnionWith(NewBalanceChains);
        table.BalanceChains.ExceptWith(OldBalanceChains);
        foreach ((string set, string key) in Deletes)
        {
            table.In(set).Remove(key);
        }

        foreach ((string set, string key, string value) in Adds)
        {
            table.In(set)[key] = value;
        }
    }

    /// <summary>The transaction in nft's language: chains first (maps lead to them), then what goes, then what comes; in the end the chains that nothing leads to any more.</summary>
    public string ToCommands(bool tableExists)
    {
        var text = new StringBuilder();
        if (Replaces && tableExists)
        {
            text.Append("delete table ip ").Append(Definition.Name).Append('\n');
        }

        if (Replaces)
        {
            text.Append(Definition.ToCommand());
        }

        foreach (int count in NewBalanceChains)
        {
            text.Append(Definition.AddBalanceChain(count));
        }

        foreach (IGrouping<string, (string Set, string Key)> set in Deletes.GroupBy(d => d.Set, StringComparer.Ordinal))
        {
            Append(text, "delete", set.Key, set.Select(d => d.Key));
        }

        foreach (IGrouping<string, (string Set, string Key, string Value)> set in Adds.GroupBy(a => a.Set, StringComparer.Ordinal))
        {
            Append(text, "add", set.Key, set.Select(a => a.Value.Length == 0 ? a.Key : $"{a.Key} : {a.Value}"));
        }

        foreach (int count in OldBalanceChains)
        {
            text.Append(Definition.DeleteBalanceChain(count));
        }

        return text.ToString();
    }

    private void Append(StringBuilder text, string verb, string set, IEnumerable<string> elements) =>
        text.Append(verb).Append(" element ip ").Append(Definition.Name).Append(' ').Append(set).Append(" { ").AppendJoin(", ", elements).Append(" }\n");
}
