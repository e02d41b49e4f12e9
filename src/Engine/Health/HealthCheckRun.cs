using Grpc.Core;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;

namespace Skep.Engine.Health;

/// <summary>One probe of a container's health, whosever it is.</summary>
internal static class HealthCheckRun
{
    private const int KeptOutput = 4096;

    /// <remarks>
    /// A file, not a pipe: a shim that opens a pipe waits for its reader, and a daemon that is killed at that moment would leave the container's shim hanging for good. A
    /// probe that floods is cut back to what is kept while it runs (<see cref="OutputBound"/>), for the file lies in memory.
    /// </remarks>
    /// <param name="container">containerd's id.</param>
    /// <param name="process">OCI process.</param>
    /// <param name="path">File for its output, replaced each time.</param>
    /// <returns>Null when it could not be made because containerd was away, which says nothing of the container.</returns>
    /// <exception cref="IOException">The file cannot be written or read.</exception>
    public static async Task<LocalHealthProbe?> ProbeAsync(EngineContext shop, string container, byte[] process, string path, TimeSpan limit, CancellationToken ct)
    {
        DateTimeOffset start = shop.Time.GetUtcNow();
        try
        {
            await File.WriteAllTextAsync(path, "", ct);
            ProcessExit? exit = await RunAsync(shop, container, process, path, limit, ct);
            string output = exit is null ? $"Health check exceeded timeout ({HealthPlan.GoText(limit)})" : await ReadAsync(path, ct);
            await File.WriteAllTextAsync(path, "", ct); // What is not kept is not stored either.
            return new LocalHealthProbe(start, shop.Time.GetUtcNow(), exit?.Code ?? -1, output);
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            return e.StatusCode == StatusCode.Unavailable ? null : new LocalHealthProbe(start, shop.Time.GetUtcNow(), -1, e.Status.Detail);
        }
    }

    /// <summary>Ends the probe that a killed engine left running: nobody bounds its time or its output any more. To be called before the first probe.</summary>
    /// <param name="path">File for the probes' output.</param>
    public static async Task EndLeftAsync(EngineContext shop, string container, string path)
    {
        string note = NoteOf(path);
        if (File.Exists(note) && await File.ReadAllTextAsync(note, CancellationToken.None) is { Length: > 0 } exec)
        {
            await shop.Runtime.EndLeftAsync(new ProcessKey(container, exec));
            File.Delete(note);
        }
    }

    /// <summary>Says which probe runs.</summary>
    private static string NoteOf(string path) => path + ".exec";

    private static async Task<ProcessExit?> RunAsync(EngineContext shop, string container, byte[] process, string path, TimeSpan limit, CancellationToken ct)
    {
        using var running = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task bound = OutputBound.HoldAsync(path, KeptOutput, shop.Time, shop.Logger, running.Token);
        string exec = "health-" + shop.Ids.Next();
        try
        {
            await File.WriteAllTextAsync(NoteOf(path), exec, ct);
            ProcessExit? exit = await shop.Runtime.ExecAsync(container, exec, process, path, limit, ct);
            File.Delete(NoteOf(path));
            return exit;
        }
        finally
        {
            await running.CancelAsync();
            await bound;
        }
    }

    private static async Task<string> ReadAsync(string path, CancellationToken ct)
    {
        byte[] kept = new byte[KeptOutput];
        await using FileStream file = File.OpenRead(path);
        int count = await file.ReadAtLeastAsync(kept, kept.Length, throwOnEndOfStream: false, ct);
        return System.Text.Encoding.UTF8.GetString(kept, 0, count);
    }
}
