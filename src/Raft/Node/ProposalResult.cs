namespace Skep.Raft;

/// <summary>An entry has been applied on this member.</summary>
/// <param name="Index">Its place in the log.</param>
/// <param name="Value">What <see cref="IStateMachine.Apply"/> returned.</param>
public readonly record struct ProposalResult(ulong Index, object? Value);

/// <summary>The group could not do it in time, or this node has stopped. Whether a proposal takes effect later is unknown. Maps to ErrorKind Unavailable.</summary>
public sealed class RaftUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A change of the membership, or a hand-over of leadership, does not fit. Maps to ErrorKind FailedPrecondition.</summary>
public sealed class MembershipRefusedException(string message) : Exception(message);
