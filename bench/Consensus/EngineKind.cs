namespace Skep.Bench.Consensus;

/// <summary>Who replicates.</summary>
internal enum EngineKind
{
    RaftNode,

    /// <summary>DotNext.Net.Cluster with its own log and its own defaults.</summary>
    DotNext,

    /// <summary>The same, with a log whose followers flush before they acknowledge.</summary>
    DotNextFlushing,
}

internal static class EngineKinds
{
    private static readonly (EngineKind Kind, string Word, string Title)[] All =
    [
        (EngineKind.RaftNode, "raftnode", "RaftNode"),
        (EngineKind.DotNext, "dotnext", "DotNext as shipped"),
        (EngineKind.DotNextFlushing, "dotnext-flushing", "DotNext, followers flush"),
    ];

    /// <summary>As it is written on the command line.</summary>
    public static string Word(this EngineKind kind) => All.First(e => e.Kind == kind).Word;

    /// <summary>As it stands over a column.</summary>
    public static string Title(this EngineKind kind) => All.First(e => e.Kind == kind).Title;

    public static EngineKind Parse(string word) => All.Where(e => e.Word == word).Select(e => (EngineKind?)e.Kind).FirstOrDefault()
        ?? throw new ArgumentException($"unknown engine {word}; there are {string.Join(", ", All.Select(e => e.Word))}");
}
