namespace Skep.Bench.Consensus.Members;

/// <summary>One member of a replicated log.</summary>
internal interface IEngine : IAsyncDisposable
{
    bool IsLeader { get; }

    /// <summary>Those that vote, as far as this member knows.</summary>
    int Voters { get; }

    NumberLog Log { get; }

    /// <summary>Ends, with the reason, when the member cannot go on.</summary>
    Task Ended { get; }

    /// <summary>Returns when the engine says that the command is committed. <paramref name="command"/> may be changed afterwards.</summary>
    ValueTask ProposeAsync(ReadOnlyMemory<byte> command);
}
