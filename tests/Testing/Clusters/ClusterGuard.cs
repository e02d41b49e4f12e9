using System.Diagnostics;

namespace Skep.Testing.Clusters;

/// <summary>
/// A process of its own that takes the cluster down when this one ends, however it ends: it waits for the end of its input, which the kernel closes.
/// It holds a lock meanwhile, so that the next run begins only when nothing of this one remains.
/// </summary>
internal sealed class ClusterGuard : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Process _guard;

    private ClusterGuard(Process guard) => _guard = guard;

    /// <exception cref="TimeoutException">Another run uses a cluster of this name and does not end.</exception>
    public static async Task<ClusterGuard> StartAsync(string name, IReadOnlyDictionary<string, string> environment)
    {
        // A session of its own: what kills the test's process group does not reach it.
        string script = $"exec 9>/run/lock/skep-test-{name}.lock; flock -w {Limit.TotalSeconds:0} 9 || exit 3; ./cluster.sh down >/dev/null 2>&1 9>&-; echo ready; cat >/dev/null; ./cluster.sh down 9>&-";
        var start = new ProcessStartInfo("setsid", ["--wait", "bash", "-c", script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Repository.Root,
        };
        foreach ((string key, string value) in environment)
        {
            start.Environment[key] = value;
        }

        Process process = Process.Start(start)!;
        string? line = await process.StandardOutput.ReadLineAsync().WaitAsync(Limit + Limit).ConfigureAwait(false);
        return line == "ready" ? new ClusterGuard(process) : throw new TimeoutException($"cluster {name} is used by another test run");
    }

    /// <summary>Ends when nothing of the cluster remains.</summary>
    public void Dispose()
    {
        _guard.StandardInput.Close();
        _guard.WaitForExit(Limit);
        _guard.Dispose();
    }
}
