using System.Globalization;

namespace Skep.Raft;

/// <summary>Names one entry of one log, for people: its index and the checksum of what it holds, as <c>17-9f3a22c1</c>.</summary>
/// <remarks>The checksum is there so that a mistyped index, or the same index of another group's log, names nothing.</remarks>
public readonly record struct EntryMark(ulong Index, uint Checksum)
{
    public static EntryMark Of(in Entry entry) => new(entry.Index, Crc32C.Of(entry.Data.Span));

    public static bool TryParse(string text, out EntryMark mark)
    {
        string[] parts = text.Split('-');
        mark = default;
        if (parts.Length != 2
            || !ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong index)
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint checksum))
        {
            return false;
        }

        mark = new EntryMark(index, checksum);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}-{Checksum:x8}");
}
