namespace Skep.Raft;

/// <summary>What the log is for. All calls come from the node's loop, one at a time and in order of index.</summary>
/// <remarks>An exception from any method stops the node: a state machine that differs from the others is worse than one less.</remarks>
public interface IStateMachine
{
    /// <summary>Takes in one entry. Must depend on nothing but the entries before and <paramref name="data"/>.</summary>
    /// <param name="index">Rises from call to call, with gaps where the log holds something else.</param>
    /// <returns>Handed to whoever proposed the entry, if that happened on this member; never travels.</returns>
    object? Apply(ulong index, ReadOnlyMemory<byte> data);

    /// <summary>A cheap, immutable picture of the present state. It is written on another thread while entries go on being applied.</summary>
    IStateSnapshot Capture();

    /// <summary>Replaces the state by a picture written earlier, here or elsewhere.</summary>
    void Restore(Stream snapshot, ulong index);
}

/// <summary>A picture of a state machine. Equal states must write equal bytes.</summary>
public interface IStateSnapshot
{
    void WriteTo(Stream destination);
}
