using System.Globalization;
using System.Text;
using System.Text.Json;
using Skep.Dashboard.Engine;

namespace Skep.Dashboard.Feed;

/// <summary>What one task had used when it was asked.</summary>
/// <param name="CpuNanoseconds">Since its start.</param>
/// <param name="At">The engine's own moment of reading.</param>
internal sealed record UsageSample(string Task, string Node, string Service, ulong CpuNanoseconds, long MemoryBytes, DateTimeOffset At);

/// <summary>CPU (cores) and memory (bytes) of nodes and services over the last ten minutes.</summary>
internal sealed class UsageHistory
{
    private const int Kept = 200;
    private readonly Dictionary<string, UsageSample> _last = new(StringComparer.Ordinal);
    private readonly Queue<string> _points = new();

    public string Whole() => $"{{\"usageWhole\":true,\"usage\":[{string.Join(',', _points)}]}}";

    /// <returns>The point to tell.</returns>
    public string? Add(IReadOnlyList<UsageSample> samples, DateTimeOffset now)
    {
        var sums = new SortedDictionary<string, (double Cores, long Bytes)>(StringComparer.Ordinal);
        foreach (UsageSample sample in samples)
        {
            // The first sample of a task only begins to count.
            if (!_last.TryGetValue(sample.Task, out UsageSample? before) || sample.At <= before.At || sample.CpuNanoseconds < before.CpuNanoseconds)
            {
                continue;
            }

            double cores = (sample.CpuNanoseconds - before.CpuNanoseconds) / ((sample.At - before.At).TotalSeconds * 1e9);
            foreach (string id in new[] { sample.Node, sample.Service, sample.Task })
            {
                (double c, long b) = sums.GetValueOrDefault(id);
                sums[id] = (c + cores, b + sample.MemoryBytes);
            }
        }

        _last.Clear();
        foreach (UsageSample sample in samples)
        {
            _last[sample.Task] = sample;
        }

        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{{\"t\":{now.ToUnixTimeMilliseconds()},\"of\":{{").AppendJoin(',', sums.Select(s => string.Create(CultureInfo.InvariantCulture, $"\"{s.Key}\":[{s.Value.Cores:0.####},{s.Value.Bytes}]"))).Append("}}");
        _points.Enqueue(text.ToString());
        while (_points.Count > Kept)
        {
            _points.Dequeue();
        }

        return $"{{\"usage\":[{text}]}}";
    }
}

/// <summary>Asks the engine for the statistics of running tasks; a container it does not know (Docker: of another node) is left out.</summary>
internal static class UsageSampler
{
    private const int Most = 200;

    public static async Task<IReadOnlyList<UsageSample>> TakeAsync(EngineEndpoint engine, IEnumerable<string> tasks, CancellationToken ct)
    {
        var samples = new List<UsageSample>();
        await Parallel.ForEachAsync(tasks.Where(t => t.Contains("\"state\":\"running\"", StringComparison.Ordinal)).Take(Most), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct }, async (text, token) =>
        {
            using JsonDocument task = JsonDocument.Parse(text);
            if (Projection.Text(task.RootElement, "container") is { } container && await ReadAsync(engine, container, task.RootElement, token).ConfigureAwait(false) is { } sample)
            {
                lock (samples)
                {
                    samples.Add(sample);
                }
            }
        }).ConfigureAwait(false);
        return samples;
    }

    private static async Task<UsageSample?> ReadAsync(EngineEndpoint engine, string container, JsonElement task, CancellationToken ct)
    {
        try
        {
            using JsonDocument stats = JsonDocument.Parse(await engine.GetAsync($"containers/{container}/stats?stream=false&one-shot=true", ct).ConfigureAwait(false));
            JsonElement root = stats.RootElement;
            return Projection.At(root, "cpu_stats", "cpu_usage", "total_usage") is { } cpu && DateTimeOffset.TryParse(Projection.Text(root, "read"), CultureInfo.InvariantCulture, out DateTimeOffset at)
                ? new UsageSample(Projection.Text(task, "id")!, Projection.Text(task, "node") ?? "", Projection.Text(task, "service") ?? "", cpu.GetUInt64(), Projection.At(root, "memory_stats", "usage")?.GetInt64() ?? 0, at)
                : null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is EngineRefusal or HttpRequestException or JsonException or IOException or OperationCanceledException)
        {
            return null; // No statistics of this one now; the others are shown.
        }
    }
}
