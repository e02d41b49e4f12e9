namespace Skep.Engine.Oci;

/// <summary>Signals by name or number, as users write them. Source: signal(7), the numbers of x86 and arm.</summary>
internal static class Signals
{
    public const int Terminate = 15;
    public const int Kill = 9;

    private static readonly string[] Names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN",
        "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/> in Docker's words.</exception>
    public static int Parse(string text)
    {
        if (int.TryParse(text, out int number))
        {
            return number is > 0 and < 65 ? number : throw ClusterException.Invalid($"invalid signal: {text}");
        }

        string name = text.ToUpperInvariant();
        if (name.StartsWith("SIG", StringComparison.Ordinal))
        {
            name = name[3..];
        }

        int index = Array.IndexOf(Names, name);
        if (index >= 0)
        {
            return index + 1;
        }

        if (name.StartsWith("RTMIN+", StringComparison.Ordinal) && int.TryParse(name.AsSpan(6), out int above) && above is >= 0 and <= 15)
        {
            return 34 + above;
        }

        if (name.StartsWith("RTMAX-", StringComparison.Ordinal) && int.TryParse(name.AsSpan(6), out int below) && below is >= 0 and <= 14)
        {
            return 64 - below;
        }

        return name switch
        {
            "RTMIN" => 34,
            "RTMAX" => 64,
            _ => throw ClusterException.Invalid($"invalid signal: {text}"),
        };
    }
}
