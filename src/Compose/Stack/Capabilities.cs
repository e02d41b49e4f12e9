using Skep.Model;

namespace Skep.Compose;

/// <summary>Capabilities as the engine takes them: upper case, <c>CAP_</c> before, each once, sorted.</summary>
/// <remarks>Source: docker/cli:opts/capabilities.go. ALL swallows the rest of its list; adding wins over dropping.</remarks>
internal static class Capabilities
{
    private const string All = "ALL";
    private const string Reset = "RESET";

    public static (ValueList<string> Add, ValueList<string> Drop) Effective(IReadOnlyList<string> add, IReadOnlyList<string> drop)
    {
        SortedSet<string> added = Normal(add);
        SortedSet<string> dropped = Normal(drop);
        dropped.ExceptWith(added);
        added.Remove(Reset);
        dropped.Remove(Reset);
        return (added.ToValueList(), dropped.ToValueList());
    }

    private static SortedSet<string> Normal(IReadOnlyList<string> names)
    {
        SortedSet<string> normal = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            string upper = name.Trim().ToUpperInvariant();
            normal.Add(upper is All or Reset || upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper : $"CAP_{upper}");
        }

        if (normal.Contains(All))
        {
            normal = new SortedSet<string>(StringComparer.Ordinal) { All };
        }

        return normal;
    }
}
