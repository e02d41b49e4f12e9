using System.Globalization;
using Skep.Cli.Output;

namespace Skep.Cli.Doctor;

/// <summary>Room and speed of the disk that holds the data directory.</summary>
internal static class DiskChecks
{
    private const int Writes = 20;
    private const double SlowFsyncMs = 50;
    private const double LittleSpace = 0.10;
    private const double NoSpace = 0.03;

    public static IEnumerable<Check> Run(string folder, TimeProvider time)
    {
        string there = folder;
        while (!Directory.Exists(there))
        {
            there = Path.GetDirectoryName(there) ?? "/";
        }

        DriveInfo disk = new(there);
        yield return Space(there, disk.AvailableFreeSpace, disk.TotalSize);
        yield return there == folder ? Fsync(folder, time)
            : new Check("fsync", Verdict.Unknown, $"{folder} does not exist: no daemon has run with it", "Name the daemon's data directory with --data.");
    }

    public static Check Space(string folder, long free, long total)
    {
        double share = total > 0 ? (double)free / total : 0;
        string reason = $"{HumanFormat.Size(free)} of {HumanFormat.Size(total)} free at {folder}";
        return share < NoSpace ? new Check("disk space", Verdict.Fail, reason, "Make room: 'skep image prune --all', 'skep volume prune', or a larger disk. Managers stop when they cannot write.")
            : share < LittleSpace ? new Check("disk space", Verdict.Warn, reason, "Make room soon: 'skep image prune --all', 'skep volume prune'.")
            : new Check("disk space", Verdict.Ok, reason);
    }

    public static Check Judge(double milliseconds)
    {
        string reason = string.Create(CultureInfo.InvariantCulture, $"the slowest of {Writes} small synced writes but one took {milliseconds:0.0} ms");
        return milliseconds > SlowFsyncMs ? new Check("fsync", Verdict.Warn, reason + "; every change of the cluster waits for one on most managers", "Put the data directory of managers on a faster disk, or keep other writers off this one.")
            : new Check("fsync", Verdict.Ok, reason);
    }

    private static Check Fsync(string folder, TimeProvider time)
    {
        string path = Path.Combine(folder, $".doctor-{Environment.ProcessId}");
        try
        {
            List<double> took = [];
            using (FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
                for (int i = 0; i < Writes; i++)
                {
                    long start = time.GetTimestamp();
                    file.Write(new byte[4096]);
                    file.Flush(flushToDisk: true);
                    took.Add(time.GetElapsedTime(start).TotalMilliseconds);
                }
            }

            took.Sort();
            return Judge(took[^2]);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Check("fsync", failure is UnauthorizedAccessException ? Verdict.Unknown : Verdict.Fail, $"{folder} cannot be written: {failure.Message}", "Run the doctor as root.");
        }
    }
}
