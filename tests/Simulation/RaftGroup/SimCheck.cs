using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Skep.Simulation.RaftGroup;

/// <summary>A checker saw something that must not be.</summary>
internal sealed class SafetyViolationException(string message) : Exception(message);

internal static class SimCheck
{
    public static void That([DoesNotReturnIf(false)] bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref Why why)
    {
        if (!condition)
        {
            throw new SafetyViolationException(why.ToString());
        }
    }

    /// <summary>Puts the reason together only when it is needed: checks run after every step.</summary>
    [InterpolatedStringHandler]
    internal ref struct Why
    {
        private DefaultInterpolatedStringHandler _inner;

        public Why(int literalLength, int formattedCount, bool condition, out bool enabled)
        {
            enabled = !condition;
            if (enabled)
            {
                _inner = new DefaultInterpolatedStringHandler(literalLength, formattedCount);
            }
        }

        public void AppendLiteral(string value) => _inner.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

        public override string ToString() => _inner.ToStringAndClear();
    }
}
