using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Skep.Host;

/// <summary>The pages of program files this process keeps mapped.</summary>
/// <remarks>Starting touches three quarters of the code once, other work other parts. Given back, what is needed again comes from the page cache without reading the disk.</remarks>
internal static partial class WorkingSet
{
    private const int DontNeed = 4; // MADV_DONTNEED of madvise(2)

    private const long WorthIt = 12 * 1024 * 1024;

    private static readonly TimeSpan Startup = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gives back what only starting needed, garbage and code, and after every burst of work (an image loaded, a hundred tasks started) what only that
    /// needed, once the daemon is quiet. Lasts until cancelled.
    /// </summary>
    public static async Task KeepSmallAsync(TimeProvider time, ILogger logger, CancellationToken ct)
    {
        try
        {
            await Task.Delay(Startup, time, ct);
            long settled = Settle(logger);
            TimeSpan used = Environment.CpuUsage.TotalTime;
            using var timer = new PeriodicTimer(Look, time);
            while (await timer.WaitForNextTickAsync(ct))
            {
                TimeSpan now = Environment.CpuUsage.TotalTime;
                bool isQuiet = now - used < Look / 20;
                used = now;
                if (isQuiet && Environment.WorkingSet > settled + WorthIt)
                {
                    settled = Settle(logger);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the daemon ends
        }
    }

    /// <returns>What is resident afterwards, in bytes.</returns>
    private static long Settle(ILogger logger)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        logger.Settled(GiveBackCode() / 1024);
        return Environment.WorkingSet;
    }

    /// <summary>Gives back the pages of code that were read from files and never written. Does nothing where the kernel does not list the mappings.</summary>
    /// <returns>Bytes that were resident in the mappings given back.</returns>
    public static long GiveBackCode()
    {
        if (!File.Exists("/proc/self/smaps"))
        {
            return 0;
        }

        long given = 0;
        foreach (Mapping mapping in Parse(File.ReadLines("/proc/self/smaps")))
        {
            if (mapping.IsCleanCode && Advise((nint)mapping.Start, (nint)(mapping.End - mapping.Start), DontNeed) == 0)
            {
                given += mapping.ResidentKiB * 1024;
            }
        }

        return given;
    }

    /// <summary>One entry of <c>/proc/PID/smaps</c> (proc(5)).</summary>
    internal readonly record struct Mapping(ulong Start, ulong End, string Rights, string File, long ResidentKiB, long WrittenKiB)
    {
        /// <summary>A mapping of a file that nobody may write to and no page of which was ever changed: dropping it loses nothing.</summary>
        public bool IsCleanCode => Rights is "r-xp" or "r--p" or "r--s" && File.StartsWith('/') && !File.StartsWith("/memfd:", StringComparison.Ordinal) && ResidentKiB > 0 && WrittenKiB == 0;
    }

    internal static IEnumerable<Mapping> Parse(IEnumerable<string> lines)
    {
        Mapping? open = null;
        foreach (string line in lines)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [var first, ..] && !first.EndsWith(':'))
            {
                if (open is { } done)
                {
                    yield return done;
                }

                open = Begin(words);
            }
            else if (open is { } mapping && words is [var name, var size, ..])
            {
                open = name switch
                {
                    "Rss:" => mapping with { ResidentKiB = KiB(size) },
                    "Private_Dirty:" or "Shared_Dirty:" or "Anonymous:" => mapping with { WrittenKiB = mapping.WrittenKiB + KiB(size) },
                    _ => mapping,
                };
            }
        }

        if (open is { } last)
        {
            yield return last;
        }
    }

    // "7f00-7f10 r-xp 00000000 08:01 42   /usr/bin/skepd"
    private static Mapping? Begin(string[] words)
        => words[0].Split('-') is [var start, var end] && words.Length >= 2
            ? new Mapping(Address(start), Address(end), words[1], words.Length > 5 ? words[5] : "", 0, 0)
            : null;

    private static ulong Address(string hex) => ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static long KiB(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : 0;

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(nint address, nint length, int advice);
}
