using Skep.Model;

namespace Skep.Wire;

/// <summary>Recognises the keys with which a user leaves an attached terminal. Keys that turn out to be something else are passed on.</summary>
/// <remarks>Source: moby/term:ascii.go for the names, term/proxy.go for the default ctrl-p ctrl-q.</remarks>
public sealed class DetachKeys(byte[] keys)
{
    private int _matched;

    /// <param name="text"><c>ctrl-p,ctrl-q</c>; empty: the default.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: no such key.</exception>
    public static DetachKeys Parse(string text)
    {
        if (text.Length == 0)
        {
            return new DetachKeys([16, 17]);
        }

        return new DetachKeys([.. text.Split(',').Select(Key)]);

        byte Key(string name) => name switch
        {
            [var one] when one < 128 => (byte)one,
            "DEL" => 127,
            ['c', 't', 'r', 'l', '-', var key] when key is >= 'a' and <= 'z' => (byte)(key - 'a' + 1),
            "ctrl-@" => 0,
            "ctrl-[" => 27,
            "ctrl-\\" => 28,
            "ctrl-]" => 29,
            "ctrl-^" => 30,
            "ctrl-_" => 31,
            _ => throw ClusterException.Invalid($"Invalid escape keys ({text}) provided: unknown key '{name}'"),
        };
    }

    /// <summary>Looks at <paramref name="count"/> typed bytes; what is not part of the keys stays at the buffer's front.</summary>
    public (int Passed, bool IsDetached) Take(Span<byte> buffer, int count)
    {
        var passed = new List<byte>(count + keys.Length);
        foreach (byte typed in buffer[..count])
        {
            if (typed == keys[_matched])
            {
                if (++_matched == keys.Length)
                {
                    _matched = 0;
                    passed.CopyTo(buffer);
                    return (passed.Count, true);
                }

                continue;
            }

            passed.AddRange(keys.AsSpan(0, _matched));
            _matched = typed == keys[0] && keys.Length > 1 ? 1 : 0;
            if (_matched == 0)
            {
                passed.Add(typed);
            }
        }

        passed.CopyTo(buffer);
        return (passed.Count, false);
    }
}
