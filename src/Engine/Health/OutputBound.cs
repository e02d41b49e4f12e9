using Microsoft.Extensions.Logging;

namespace Skep.Engine.Health;

/// <summary>Keeps a file that another process appends to from growing: what exceeds the first bytes is cut off, again and again.</summary>
/// <remarks>
/// The shim opens the file for appending, so its next write goes to the new end. A writer with a place of its own would leave a hole before it, which takes no room
/// either. Between two looks the file holds what can be written in that time; once it was found too long it is looked at more often.
/// </remarks>
internal static class OutputBound
{
    /// <summary>More than this is cut.</summary>
    private const int Allowed = 64 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FloodPause = TimeSpan.FromMilliseconds(10);

    /// <param name="kept">Bytes that stay.</param>
    /// <returns>When cancelled; a file that is gone or cannot be cut ends it too.</returns>
    public static async Task HoldAsync(string path, int kept, TimeProvider time, ILogger logger, CancellationToken ct)
    {
        TimeSpan pause = Pause;
        try
        {
            while (!ct.IsCancellationRequested)
            {
                await Task.Delay(pause, time, ct);
                if (new FileInfo(path).Length <= Allowed)
                {
                    continue;
                }

                using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                file.SetLength(kept);
                pause = FloodPause;
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (IOException e)
        {
            EngineLog.ProbeOutputUnbounded(logger, path, e.Message);
        }
    }
}
