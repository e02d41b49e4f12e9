using System.Runtime.InteropServices;

namespace Skep.Bench.Consensus.Members;

/// <summary>The replicated state: numbers of applied commands, in order.</summary>
internal sealed class NumberLog
{
    private readonly Lock _gate = new();
    private readonly List<long> _numbers = [];
    private long _applied;

    /// <summary>Commands applied, anonymous ones too.</summary>
    public long Applied
    {
        get
        {
            lock (_gate)
            {
                return _applied;
            }
        }
    }

    /// <summary>The number that was applied last.</summary>
    public long Newest
    {
        get
        {
            lock (_gate)
            {
                return _numbers is [.., var newest] ? newest : Command.Anonymous;
            }
        }
    }

    public void Apply(ReadOnlySpan<byte> command)
    {
        long number = Command.NumberOf(command);
        lock (_gate)
        {
            _applied++;
            if (number != Command.Anonymous)
            {
                _numbers.Add(number);
            }
        }
    }

    /// <summary>How many were applied, then the numbers, eight bytes each.</summary>
    public byte[] Encode()
    {
        lock (_gate)
        {
            return MemoryMarshal.AsBytes<long>([_applied, .. _numbers]).ToArray();
        }
    }

    public void Restore(ReadOnlySpan<byte> encoded)
    {
        ReadOnlySpan<long> values = MemoryMarshal.Cast<byte, long>(encoded);
        lock (_gate)
        {
            _applied = values[0];
            _numbers.Clear();
            _numbers.AddRange(values[1..]);
        }
    }

    public static long[] NumbersIn(ReadOnlySpan<byte> encoded) => MemoryMarshal.Cast<byte, long>(encoded)[1..].ToArray();
}
