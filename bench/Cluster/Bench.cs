using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Skep.Bench.Cluster;

/// <summary>What is measured, and what it takes to measure it.</summary>
internal sealed class Bench(Engine engine, Settings settings)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10), LongestPause = TimeSpan.FromMilliseconds(100);
    private int _names;

    public static void Report(string what, IEnumerable<double> values, string unit)
    {
        double[] sorted = [.. values.Order()];
        string F(double v) => v.ToString(v < 10 ? "0.00" : "0", CultureInfo.InvariantCulture);
        Console.WriteLine($"bench: {what,-58} {F(sorted[sorted.Length / 2]),8} {unit}   (min {F(sorted[0])}, max {F(sorted[^1])}, n {sorted.Length})");
    }

    /// <summary>Create → running, one task.</summary>
    public async Task CreateToRunningAsync(bool overlay, CancellationToken ct)
    {
        var times = new List<double>();
        for (int i = 0; i <= settings.Repeats; i++)
        {
            var watch = Stopwatch.StartNew();
            string id = await engine.CreateServiceAsync(Spec(Name(), 1, overlay), ct);
            await UntilRunningAsync(id, 1, ct);
            if (i > 0)
            {
                times.Add(watch.Elapsed.TotalSeconds); // The first warms up.
            }

            await RemoveAsync([id], ct);
        }

        Report($"create -> running, {Kind(overlay)}", times, "s");
    }

    /// <summary>A stack of three services with five tasks each.</summary>
    public async Task StackAsync(CancellationToken ct)
    {
        var times = new List<double>();
        for (int i = 0; i < Math.Max(1, settings.Repeats / 3); i++)
        {
            var watch = Stopwatch.StartNew();
            string[] ids = new string[3];
            for (int s = 0; s < ids.Length; s++)
            {
                ids[s] = await engine.CreateServiceAsync(Spec(Name(), 5, overlay: true), ct);
            }

            await Task.WhenAll(ids.Select(id => UntilRunningAsync(id, 5, ct)));
            times.Add(watch.Elapsed.TotalSeconds);
            await RemoveAsync(ids, ct);
        }

        Report("15 tasks of three services running, overlay", times, "s");
    }

    /// <summary>Lets the engine finish what it does behind the last scenario, as removing a hundred containers' files, so that the next is not charged for it.</summary>
    public static Task RestAsync(CancellationToken ct) => Task.Delay(TimeSpan.FromSeconds(5), ct);

    /// <summary>0 → 100 → 0.</summary>
    public async Task ScaleAsync(bool overlay, CancellationToken ct)
    {
        int count = settings.Scale;
        string id = await engine.CreateServiceAsync(Spec(Name(), 0, overlay), ct);
        var watch = Stopwatch.StartNew();
        await ScaleToAsync(id, count, ct);
        await UntilRunningAsync(id, count, ct);
        Report($"scale 0 -> {count}, {Kind(overlay)}", [count / watch.Elapsed.TotalSeconds], "tasks/s");
        watch.Restart();
        await ScaleToAsync(id, 0, ct);
        await UntilGoneAsync(id, ct);
        Report($"scale {count} -> 0, containers gone, {Kind(overlay)}", [watch.Elapsed.TotalSeconds], "s");
        await RemoveAsync([id], ct);
    }

    /// <summary>Twelve replicas get a new environment, four at a time.</summary>
    public async Task RollingUpdateAsync(CancellationToken ct)
    {
        string id = await engine.CreateServiceAsync(Spec(Name(), 12, overlay: true), ct);
        await UntilRunningAsync(id, 12, ct);
        var watch = Stopwatch.StartNew();
        await engine.UpdateServiceAsync(id, spec => spec["TaskTemplate"]!["ContainerSpec"]!["Env"] = new JsonArray("ROUND=2"), ct);
        await UntilAsync(async () => (await engine.TasksAsync(id, ct)).Count(t => IsRunning(t!) && HasRound(t!)) == 12, "the new tasks", ct);
        Report("rolling update of 12, parallelism 4, overlay", [watch.Elapsed.TotalSeconds], "s");
        await RemoveAsync([id], ct);
    }

    /// <summary>Services without tasks, as fast as they are taken.</summary>
    public async Task CreateRateAsync(int clients, CancellationToken ct)
    {
        int each = settings.Services / clients;
        var all = new List<string>();
        var watch = Stopwatch.StartNew();
        string[][] ids = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(
            async () =>
            {
                using var own = new Engine(engine.Socket);
                var mine = new string[each];
                for (int i = 0; i < each; i++)
                {
                    mine[i] = await own.CreateServiceAsync(Spec(Name(), 0, overlay: false), ct);
                }

                return mine;
            },
            ct)));
        Report($"services created, {clients} client(s)", [clients * each / watch.Elapsed.TotalSeconds], "per s");
        all.AddRange(ids.SelectMany(i => i));
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = ct }, async (id, token) => await engine.DeleteAsync($"services/{id}", token));
    }

    /// <summary>A task's process is killed; its replacement runs (restart delay 0).</summary>
    public async Task KilledTaskAsync(CancellationToken ct)
    {
        var times = new List<double>();
        string id = await engine.CreateServiceAsync(Spec(Name(), 1, overlay: true), ct);
        await UntilRunningAsync(id, 1, ct);
        for (int i = 0; i < settings.Repeats; i++)
        {
            JsonNode task = (await engine.TasksAsync(id, ct)).First(t => IsRunning(t!))!;
            int pid = (int)task["Status"]!["ContainerStatus"]!["PID"]!;
            string old = (string)task["ID"]!;
            var watch = Stopwatch.StartNew();
            Process.GetProcessById(pid).Kill();
            await UntilAsync(async () => (await engine.TasksAsync(id, ct)).Any(t => IsRunning(t!) && (string)t!["ID"]! != old), "the replacement", ct);
            times.Add(watch.Elapsed.TotalSeconds);
        }

        Report("task killed -> replacement running (delay 0), overlay", times, "s");
        await RemoveAsync([id], ct);
    }

    public async Task UntilRunningAsync(string service, int count, CancellationToken ct)
        => await UntilAsync(async () => (await engine.TasksAsync(service, ct)).Count(t => IsRunning(t!)) >= count, $"{count} running tasks of {service}", ct);

    public async Task RemoveAsync(IEnumerable<string> services, CancellationToken ct)
    {
        foreach (string id in services)
        {
            await ScaleToAsync(id, 0, ct);
            await UntilGoneAsync(id, ct);
            await engine.DeleteAsync($"services/{id}", ct);
        }
    }

    public JsonObject Spec(string name, int replicas, bool overlay)
    {
        var task = new JsonObject
        {
            ["ContainerSpec"] = new JsonObject
            {
                ["Image"] = settings.Image,
                ["Command"] = new JsonArray([.. settings.Command.Select(c => JsonValue.Create(c))]),
                ["StopGracePeriod"] = 1_000_000_000L,
            },
            ["RestartPolicy"] = new JsonObject { ["Condition"] = "any", ["Delay"] = 0 },
            ["ForceUpdate"] = 0,
        };
        if (overlay)
        {
            task["Networks"] = new JsonArray(new JsonObject { ["Target"] = settings.Network });
        }

        return new JsonObject
        {
            ["Name"] = name,
            ["TaskTemplate"] = task,
            ["Mode"] = new JsonObject { ["Replicated"] = new JsonObject { ["Replicas"] = replicas } },
            ["UpdateConfig"] = new JsonObject { ["Parallelism"] = 4, ["Monitor"] = 1_000_000_000L },
        };
    }

    public string Name() => $"bench-{Environment.ProcessId}-{Interlocked.Increment(ref _names)}";

    public static async Task UntilAsync(Func<Task<bool>> condition, string what, CancellationToken ct)
    {
        // Asking may take a tenth of the time, not more: to list a hundred tasks every 10 ms takes a good part of the machine from what is measured.
        var limit = Stopwatch.StartNew();
        TimeSpan asked = limit.Elapsed;
        while (!await condition())
        {
            if (limit.Elapsed > TimeSpan.FromSeconds(120))
            {
                throw new TimeoutException($"waited 120 s for {what}");
            }

            TimeSpan pause = (limit.Elapsed - asked) * 9;
            await Task.Delay(TimeSpan.FromTicks(Math.Clamp(pause.Ticks, ShortestPause.Ticks, LongestPause.Ticks)), ct);
            asked = limit.Elapsed;
        }
    }

    private static bool IsRunning(JsonNode task) => (string)task["Status"]!["State"]! == "running" && (string)task["DesiredState"]! == "running";

    private static bool HasRound(JsonNode task) => task["Spec"]!["ContainerSpec"]!["Env"] is JsonArray { Count: > 0 };

    private static string Kind(bool overlay) => overlay ? "overlay" : "no named network";

    /// <summary>Gone: no task of the service has a living process. Tasks of history may remain.</summary>
    private Task UntilGoneAsync(string service, CancellationToken ct) => UntilAsync(
        async () => (await engine.TasksAsync(service, ct)).All(t => (string)t!["Status"]!["State"]! is "shutdown" or "failed" or "complete" or "rejected" or "remove" or "orphaned"),
        $"the tasks of {service} to end",
        ct);

    private Task ScaleToAsync(string service, int replicas, CancellationToken ct) => engine.UpdateServiceAsync(service, spec => spec["Mode"]!["Replicated"]!["Replicas"] = replicas, ct);
}
