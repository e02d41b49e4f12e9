namespace Skep.Compose;

/// <summary>A place in a compose file; lines and columns count from 1.</summary>
internal sealed record Mark(string File, int Line, int Column);

/// <summary>A value of a compose file as YAML 1.1 reads it; what is left of <c>x-</c> keys in a loaded project.</summary>
public abstract record ComposeValue
{
    private protected ComposeValue()
    {
    }

    internal Mark? Where { get; init; }

    public sealed record Null : ComposeValue;

    public sealed record Bool(bool Value) : ComposeValue;

    /// <summary>A whole number of up to 64 bits, signed or not.</summary>
    public sealed record Whole(Int128 Value) : ComposeValue;

    public sealed record Real(double Value) : ComposeValue;

    public sealed record Text(string Value) : ComposeValue;

    /// <summary>A plain date or time; <see cref="Nanoseconds"/> are those of its second.</summary>
    public sealed record Timestamp(DateTimeOffset Value, int Nanoseconds) : ComposeValue;

    public sealed record Sequence(IReadOnlyList<ComposeValue> Items) : ComposeValue;

    /// <summary>Entries in the order of the file. <see cref="HasOtherKeys"/>: some key is no text, which no schema accepts.</summary>
    public sealed record Mapping(IReadOnlyList<KeyValuePair<string, ComposeValue>> Entries, bool HasOtherKeys) : ComposeValue
    {
        internal ComposeValue? this[string key]
        {
            get
            {
                foreach (KeyValuePair<string, ComposeValue> entry in Entries)
                {
                    if (entry.Key == key)
                    {
                        return entry.Value;
                    }
                }

                return null;
            }
        }
    }
}
