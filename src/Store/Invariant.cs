using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Skep.Store;

/// <summary>A promise of the store does not hold. The process must stop: a replica that goes on would differ from the others.</summary>
public sealed class StoreInvariantException(string message) : InvalidOperationException(message);

internal static class Invariant
{
    /// <summary>Kept in release builds.</summary>
    public static void Holds([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        if (!condition)
        {
            throw new StoreInvariantException($"invariant broken: {what}");
        }
    }
}
