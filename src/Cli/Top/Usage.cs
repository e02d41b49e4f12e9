using Skep.Cli.Containers;
using Skep.Cli.Engine;
using Skep.Wire;

namespace Skep.Cli.Top;

/// <summary>What one task's container uses.</summary>
/// <param name="Cpus">Processors' worth of time; null until there are two samples.</param>
internal readonly record struct TaskUsage(double? Cpus, long MemoryBytes);

/// <summary>Samples the containers of running tasks; the difference of two samples is their share of the processors.</summary>
internal sealed class UsageSampler(EngineClient engine)
{
    /// <summary>Of larger clusters the first so many are asked: a picture, not an account.</summary>
    private const int MostTasks = 300;
    private const int AtOnce = 16;

    private Dictionary<string, (ulong CpuNanos, DateTimeOffset At)> _before = new(StringComparer.Ordinal);

    /// <summary>By the id of the task. Those that do not answer are left out.</summary>
    public async Task<Dictionary<string, TaskUsage>> SampleAsync(IEnumerable<WireTask> tasks, CancellationToken cancellation)
    {
        using SemaphoreSlim turns = new(AtOnce);
        (string Id, WireStats? Stats)[] samples = await Task.WhenAll(tasks.Where(static task => task is { Status: { State: "running", ContainerStatus.ContainerId.Length: > 0 } }).Take(MostTasks).Select(async task =>
        {
            await turns.WaitAsync(cancellation);
            try
            {
                return (task.Id!, await engine.GetAsync($"/containers/{task.Status!.ContainerStatus!.ContainerId}/stats?stream=0&one-shot=1", WireJson.Default.WireStats, cancellation));
            }
            catch (CliException)
            {
                return (task.Id!, (WireStats?)null); // It ended meanwhile, or its node is away.
            }
            finally
            {
                turns.Release();
            }
        }));
        Dictionary<string, TaskUsage> usage = new(StringComparer.Ordinal);
        Dictionary<string, (ulong CpuNanos, DateTimeOffset At)> now = new(StringComparer.Ordinal);
        foreach ((string id, WireStats? stats) in samples)
        {
            if (stats?.Cpu is not { } cpu)
            {
                continue;
            }

            ulong total = cpu.Usage.Total;
            now[id] = (total, stats.Read);
            double? cpus = _before.TryGetValue(id, out (ulong CpuNanos, DateTimeOffset At) before) && stats.Read > before.At && total >= before.CpuNanos
                ? (total - before.CpuNanos) / ((stats.Read - before.At).TotalMilliseconds * 1_000_000)
                : null;
            usage[id] = new TaskUsage(cpus, (long)ContainerStats.Memory(stats.Memory));
        }

        _before = now;
        return usage;
    }
}
