using System.Text;
using Grpc.Core;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;
using Skep.Engine.Exec;

namespace Skep.Engine.Health;

/// <summary>One probe of a container's health, whosever it is.</summary>
internal static class HealthCheckRun
{
    /// <summary>As Docker keeps of it; the rest is read and dropped, so that no probe fills a disk.</summary>
    private const int KeptOutput = 4096;

    /// <summary>What the probe has left running may hold its output open; its own output has come by then.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMilliseconds(500);

    /// <param name="container">containerd's id.</param>
    /// <param name="process">OCI process.</param>
    /// <param name="path">Where the pipe for its output is made, anew each time.</param>
    /// <returns>Null when it could not be made because containerd was away, which says nothing of the container.</returns>
    /// <exception cref="IOException">The pipe cannot be made or read.</exception>
    public static async Task<LocalHealthProbe?> ProbeAsync(EngineContext shop, string container, byte[] process, string path, TimeSpan limit, CancellationToken ct)
    {
        DateTimeOffset start = shop.Time.GetUtcNow();
        File.Delete(path);
        using Fifo pipe = Fifo.Make(path, forWriting: false);
        var kept = new List<byte>(KeptOutput);
        Task reading = pipe.ReadAsync(data =>
        {
            kept.AddRange(data.Span[..Math.Min(data.Length, KeptOutput - kept.Count)]);
            return Task.CompletedTask;
        });
        try
        {
            ProcessExit? exit = await shop.Runtime.ExecAsync(container, "health-" + shop.Ids.Next(), process, path, limit, ct);
            if (exit is not null)
            {
                await reading.WaitAsync(DrainLimit, shop.Time, ct).SuppressThrowingAsync();
            }

            pipe.Stop();
            await reading;
            return exit is { } ended
                ? new LocalHealthProbe(start, shop.Time.GetUtcNow(), ended.Code, Encoding.UTF8.GetString([.. kept]))
                : new LocalHealthProbe(start, shop.Time.GetUtcNow(), -1, $"Health check exceeded timeout ({HealthPlan.GoText(limit)})");
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            return e.StatusCode == StatusCode.Unavailable ? null : new LocalHealthProbe(start, shop.Time.GetUtcNow(), -1, e.Status.Detail);
        }
        finally
        {
            pipe.Stop();
            await reading.SuppressThrowingAsync();
        }
    }
}
