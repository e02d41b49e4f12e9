using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary><c>stats</c> and <c>container top</c>: what containers use, and what runs in them.</summary>
internal static class ContainerStats
{
    private static readonly Flag<bool> All = Flag.Switch("all", "Show all containers (default shows just running)", 'a');
    private static readonly Flag<bool> NoStream = Flag.Switch("no-stream", "Disable streaming stats and only pull the first result");
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static readonly Verb Stats = new("[OPTIONS] [CONTAINER...]", "Display a live stream of container(s) resource usage statistics", Arity.Any,
        [All, CommonFlags.Format, NoStream, CommonFlags.NoTrunc], RunAsync);

    public static readonly Verb Top = new("CONTAINER [ps OPTIONS]", "Display the running processes of a container", Arity.Some, [], TopAsync) { FlagsEndAtArgument = true };

    private static readonly Columns Columns = Columns.Of(
        "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
        ("Container", "CONTAINER"), ("ID", "CONTAINER ID"), ("Name", "NAME"), ("CPUPerc", "CPU %"), ("MemUsage", "MEM USAGE / LIMIT"), ("MemPerc", "MEM %"),
        ("NetIO", "NET I/O"), ("BlockIO", "BLOCK I/O"), ("PIDs", "PIDS"));

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        bool once = call.Get(NoStream);
        while (true)
        {
            // Each asks for two samples a second apart, all at the same time.
            List<string> names = call.Arguments.Length > 0 ? [.. call.Arguments] : await RunningAsync(call, cancellation);
            WireStats[] samples = await Task.WhenAll(names.Select(name => call.Engine.GetAsync(
                $"/containers/{Query.Escape(name)}/stats?stream=0", WireJson.Default.WireStats, cancellation)));
            using StringWriter page = new();
            Listing.Print(page, call.Get(CommonFlags.Format), null, Columns, [.. samples.Select((sample, i) => ToRow(names[i], sample, call.Get(CommonFlags.NoTrunc)))]);
            if (!once && call.Terminal.IsInteractive)
            {
                // Home, then each line to its end, then what was below.
                call.Out.Write($"\e[H{page.ToString().Replace("\n", "\e[K\n", StringComparison.Ordinal)}\e[J");
            }
            else
            {
                call.Out.Write(page.ToString());
            }

            await call.Out.FlushAsync(cancellation);
            if (once)
            {
                return 0;
            }

            await Task.Delay(Pause, call.Terminal.Time, cancellation);
        }
    }

    private static async Task<List<string>> RunningAsync(Invocation call, CancellationToken cancellation)
    {
        Query query = new Query("/containers/json").When(call.Get(All), "all", "1");
        return [.. (await call.Engine.GetAsync(query.ToString(), WireJson.Default.ListWireContainerSummary, cancellation)).Select(static container => container.Id!)];
    }

    public static async Task<int> TopAsync(Invocation call, CancellationToken cancellation)
    {
        Query query = new Query($"/containers/{Query.Escape(call.Arguments[0])}/top").When(call.Arguments.Length > 1, "ps_args", string.Join(' ', call.Arguments[1..]));
        WireTop top = await call.Engine.GetAsync(query.ToString(), WireJson.Default.WireTop, cancellation);
        List<string[]> lines = [[.. top.Titles ?? []], .. (top.Processes ?? []).Select(static row => row.ToArray())];
        call.Out.Write(Listing.Align(lines, leastWidth: 20));
        return 0;
    }

    internal static Row ToRow(string asked, WireStats sample, bool whole)
    {
        ulong memory = Memory(sample.Memory);
        ulong limit = sample.Memory?.Limit ?? 0;
        ulong received = (ulong)(sample.Networks?.Values.Sum(static n => (double)n.RxBytes) ?? 0);
        ulong sent = (ulong)(sample.Networks?.Values.Sum(static n => (double)n.TxBytes) ?? 0);
        return new Row
        {
            ["Container"] = asked,
            ["ID"] = whole ? sample.Id ?? "" : HumanFormat.Short(sample.Id),
            ["Name"] = sample.Name?.TrimStart('/') ?? "",
            ["CPUPerc"] = Percent(CpuPercent(sample)),
            ["MemUsage"] = $"{HumanFormat.BinarySize(memory)} / {HumanFormat.BinarySize(limit)}",
            ["MemPerc"] = Percent(limit == 0 ? 0 : 100.0 * memory / limit),
            ["NetIO"] = $"{HumanFormat.Size(received, 3)} / {HumanFormat.Size(sent, 3)}",
            ["BlockIO"] = $"{HumanFormat.Size(Block(sample, "read"), 3)} / {HumanFormat.Size(Block(sample, "write"), 3)}",
            ["PIDs"] = (sample.Pids?.Current ?? 0).ToString(CultureInfo.InvariantCulture),
        };
    }

    /// <remarks>Source: docker/cli:cli/command/container/stats_helpers.go calculateCPUPercentUnix.</remarks>
    internal static double CpuPercent(WireStats sample)
    {
        if (sample.Cpu is not { } now || sample.PreCpu is not { } before)
        {
            return 0;
        }

        double used = (double)now.Usage.Total - before.Usage.Total;
        double machine = (double)now.SystemUsage - before.SystemUsage;
        double cpus = now.OnlineCpus > 0 ? now.OnlineCpus : now.Usage.PerCpu?.Count ?? 1;
        return used > 0 && machine > 0 ? used / machine * cpus * 100 : 0;
    }

    /// <summary>Without what the kernel can throw away at once, of either version of cgroups.</summary>
    internal static ulong Memory(WireMemoryStats? memory)
    {
        if (memory is null)
        {
            return 0;
        }

        ulong inactive = memory.Stats?.TryGetValue("total_inactive_file", out ulong v1) == true ? v1 : memory.Stats?.GetValueOrDefault("inactive_file") ?? 0;
        return inactive < memory.Usage ? memory.Usage - inactive : memory.Usage;
    }

    private static ulong Block(WireStats sample, string operation)
        => (ulong)(sample.Block?.ServiceBytes?.Where(entry => string.Equals(entry.Operation, operation, StringComparison.OrdinalIgnoreCase)).Sum(static entry => (double)entry.Value) ?? 0);

    private static string Percent(double value) => value.ToString("0.00", CultureInfo.InvariantCulture) + "%";
}
