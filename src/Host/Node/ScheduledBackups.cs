using System.Globalization;
using Microsoft.Extensions.Logging;
using Skep.Manager.Backup;
using Skep.Rpc.Security;

namespace Skep.Host.Node;

/// <summary>Where and how often a manager writes backups by itself.</summary>
/// <param name="Every">Between two; from the newest file that is there, so that restarts change nothing.</param>
/// <param name="Keep">So many of the newest stay.</param>
internal sealed record BackupPlan(string Directory, TimeSpan Every, int Keep, BackupSecret Secret);

/// <summary>Backups on a schedule: each manager that is told to writes its own, into a directory of its own choice.</summary>
/// <param name="save">What is to be kept, of this moment.</param>
internal sealed class ScheduledBackups(BackupPlan plan, Func<CancellationToken, Task<byte[]>> save, TimeProvider time, ILogger logger)
{
    private const string Prefix = "skep-";
    private const string Suffix = ".backup";
    private const string Stamp = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>After a failure: a leader is found, a disk gets room.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(1);

    /// <summary>Ends only when cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            TimeSpan left = Newest() is { } newest ? newest + plan.Every - time.GetUtcNow() : TimeSpan.Zero;
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left < plan.Every ? left : plan.Every, time, ct).ConfigureAwait(false);
            }

            try
            {
                await WriteAsync(ct).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ClusterException)
            {
                logger.BackupFailed(plan.Directory, e.Message, Newest()?.ToString("u", CultureInfo.InvariantCulture) ?? "none");
                await Task.Delay(RetryDelay, time, ct).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The old ones go only once the new one is there whole.</summary>
    private async Task WriteAsync(CancellationToken ct)
    {
        byte[] content = await save(ct).ConfigureAwait(false);
        using var file = new MemoryStream();
        await BackupFile.WriteAsync(content, plan.Secret, file, ct).ConfigureAwait(false);
        Directory.CreateDirectory(plan.Directory);
        string path = Path.Combine(plan.Directory, Prefix + time.GetUtcNow().ToString(Stamp, CultureInfo.InvariantCulture) + Suffix);
        PrivateFile.Replace(path, file.ToArray());
        logger.BackupWritten(path, file.Length);
        foreach (string old in Files().SkipLast(plan.Keep))
        {
            File.Delete(old);
        }
    }

    /// <summary>Oldest first: the names sort by time.</summary>
    private IEnumerable<string> Files() => Directory.Exists(plan.Directory)
        ? Directory.EnumerateFiles(plan.Directory, Prefix + "*" + Suffix).Where(f => TimeOf(f) is not null).Order(StringComparer.Ordinal)
        : [];

    private DateTimeOffset? Newest() => Files().LastOrDefault() is { } last ? TimeOf(last) : null;

    private static DateTimeOffset? TimeOf(string path)
    {
        string name = Path.GetFileName(path);
        return DateTimeOffset.TryParseExact(name[Prefix.Length..^Suffix.Length], Stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
    }
}
