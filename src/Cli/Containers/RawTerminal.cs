using System.Runtime.InteropServices;
using Skep.Cli.Output;

namespace Skep.Cli.Containers;

/// <summary>Our terminal without its own ideas: every key goes to the container. As it was before once disposed.</summary>
/// <remarks>Source: termios(3), cfmakeraw; ioctl_tty(2), TIOCGWINSZ.</remarks>
internal sealed partial class RawTerminal : IDisposable
{
    private const int LargestTermios = 128;
    private const nuint GetWindowSize = 0x5413;
    private const int LocalFlags = 12; // c_lflag, behind three flags of four bytes.
    private const uint Echo = 0x8;
    private readonly byte[] _before;

    private RawTerminal(byte[] before) => _before = before;

    /// <summary>Null where standard input is no terminal.</summary>
    public static RawTerminal? Enter()
    {
        byte[] state = new byte[LargestTermios];
        if (tcgetattr(0, ref state[0]) != 0)
        {
            return null;
        }

        byte[] raw = [.. state];
        cfmakeraw(ref raw[0]);
        return tcsetattr(0, 0, ref raw[0]) == 0 ? new RawTerminal(state) : null;
    }

    /// <summary>Of the terminal that standard output is; null where it is none.</summary>
    public static WindowSize? ReadSize()
    {
        ushort[] size = new ushort[4];
        return ioctl(1, GetWindowSize, ref size[0]) == 0 && size[0] > 0 && size[1] > 0 ? new WindowSize(size[0], size[1]) : null;
    }

    /// <summary>Null where standard input is no terminal. What is typed is not shown; lines are read as ever.</summary>
    public static RawTerminal? Hide()
    {
        byte[] state = new byte[LargestTermios];
        if (tcgetattr(0, ref state[0]) != 0)
        {
            return null;
        }

        byte[] quiet = [.. state];
        uint local = BitConverter.ToUInt32(quiet, LocalFlags) & ~Echo;
        BitConverter.TryWriteBytes(quiet.AsSpan(LocalFlags), local);
        return tcsetattr(0, 0, ref quiet[0]) == 0 ? new RawTerminal(state) : null;
    }

    public void Dispose() => _ = tcsetattr(0, 0, ref _before[0]);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int file, ref byte state);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int file, int when, ref byte state);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(ref byte state);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int file, nuint request, ref ushort size);
}
