using System.Runtime.CompilerServices;

namespace Skep.Simulation.RaftGroup;

/// <summary>A fingerprint of everything that happened, and on demand the text of it.</summary>
internal sealed class SimTrace(bool keepText)
{
    private const int MaxLines = 200_000;
    private readonly List<string> _lines = [];

    public ulong Hash { get; private set; } = 14695981039346656037;

    public bool KeepsText { get; } = keepText;

    public IReadOnlyList<string> Lines => _lines;

    public void Add(long a, ulong b, ulong c, ulong d)
    {
        ulong hash = Hash;
        hash = (hash ^ (ulong)a) * 1099511628211;
        hash = (hash ^ b) * 1099511628211;
        hash = (hash ^ c) * 1099511628211;
        Hash = ((hash ^ d) * 1099511628211) ^ (hash >> 29);
    }

    /// <summary>The text is only put together if someone will read it.</summary>
    public void Say(long now, [InterpolatedStringHandlerArgument("")] ref Text text)
    {
        if (KeepsText && _lines.Count < MaxLines)
        {
            _lines.Add($"{now,6} {text.ToString()}");
        }
    }

    [InterpolatedStringHandler]
    internal ref struct Text
    {
        private DefaultInterpolatedStringHandler _inner;
        private readonly bool _enabled;

        public Text(int literalLength, int formattedCount, SimTrace trace, out bool enabled)
        {
            enabled = _enabled = trace.KeepsText;
            if (enabled)
            {
                _inner = new DefaultInterpolatedStringHandler(literalLength, formattedCount);
            }
        }

        public void AppendLiteral(string value) => _inner.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string? format) => _inner.AppendFormatted(value, format);

        public override string ToString() => _enabled ? _inner.ToStringAndClear() : "";
    }
}
