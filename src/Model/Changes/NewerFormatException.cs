namespace Skep.Model;

/// <summary>A committed batch was written by a newer version than this one. To refuse it here, where newer managers apply it, would make this replica differ from theirs: the member stops before it.</summary>
public sealed class NewerFormatException(uint format, uint known)
    : Exception($"it is of format {format}, this version reads up to {known}: install the version the other managers run")
{
    public uint Format { get; } = format;
}
