using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Skep.Raft;

/// <summary>A promise of the algorithm does not hold. The process must stop: going on could only spread the damage.</summary>
public sealed class InvariantViolationException(string message) : InvalidOperationException(message);

internal static class Invariant
{
    /// <summary>Kept in release builds.</summary>
    public static void Holds([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        if (!condition)
        {
            Fail(what);
        }
    }

    [DoesNotReturn]
    private static void Fail(string what) => throw new InvariantViolationException($"invariant broken: {what}");
}
