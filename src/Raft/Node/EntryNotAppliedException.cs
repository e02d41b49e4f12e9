namespace Skep.Raft;

/// <summary>The state machine cannot take in a committed entry. The member stops before it; so does every other, if the entry is to blame.</summary>
public sealed class EntryNotAppliedException(EntryMark entry, Exception reason)
    : Exception($"log entry {entry} cannot be applied: {reason.Message}", reason)
{
    public EntryMark Entry { get; } = entry;
}
