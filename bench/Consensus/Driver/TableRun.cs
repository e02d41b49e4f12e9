using Skep.Bench.Consensus.Members;

namespace Skep.Bench.Consensus.Driver;

/// <summary>How fast, how late, and at what cost, at 1, 8 and 64 clients of the leader.</summary>
internal sealed class TableRun(Settings settings)
{
    private const int WarmUpClients = 8, WarmUpWrites = 8000;
    private static readonly (int Clients, int Writes)[] Loads = [(1, 1500), (8, 8000), (64, 40_000)];
    private static readonly TimeSpan LoadLimit = TimeSpan.FromMinutes(3);
    private readonly List<(EngineKind Engine, int Clients, Sample Sample)> _samples = [];

    private sealed record Sample(LoadResult Load, double CpuMicroseconds, double LeaderCpuMicroseconds, double ResidentMiB);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        for (int round = 0; round < settings.Rounds; round++)
        {
            for (int turn = 0; turn < settings.Engines.Length; turn++)
            {
                // Another first each time, so that nobody always meets what the same one left behind.
                EngineKind engine = settings.Engines[(round + turn) % settings.Engines.Length];
                try
                {
                    await RoundAsync(engine, round + 1, ct);
                }
                catch (TimeoutException e)
                {
                    await Console.Error.WriteLineAsync($"round {round + 1} {engine.Title()}: not finished: {e.Message}");
                }
            }
        }

        Print();
        return 0;
    }

    private async Task RoundAsync(EngineKind engine, int round, CancellationToken ct)
    {
        await using Group group = await Group.StartAsync(engine, settings.Data, ct);
        await LoadAsync(group, WarmUpClients, WarmUpWrites, ct);
        foreach ((int clients, int writes) in Loads)
        {
            Sample sample = await LoadAsync(group, clients, writes, ct);
            LoadResult load = sample.Load;
            await Console.Error.WriteLineAsync($"round {round} {engine.Title()}, {clients} clients: {load.WritesPerSecond:0}/s, p99 {load.P99Ms:0.00} ms, machine's load {MachineLoad()}");
            if (load.Failed == 0)
            {
                _samples.Add((engine, clients, sample));
            }
            else
            {
                await Console.Error.WriteLineAsync($"  not counted: {load.Failed} writes failed, the first with {load.Failure}");
            }
        }
    }

    private static async Task<Sample> LoadAsync(Group group, int clients, int writes, CancellationToken ct)
    {
        Member leader = await group.WriteThroughLeaderAsync(ct);
        MemberStatus[] before = await StatusesAsync(group, ct);
        LoadResult load = await leader.AskAsync<LoadResult>($"load {clients} {writes}", LoadLimit, ct);
        MemberStatus[] after = await StatusesAsync(group, ct);
        int l = group.Members.ToList().IndexOf(leader);
        double Microseconds(double seconds) => seconds * 1e6 / writes;
        return new Sample(
            load,
            Microseconds(after.Sum(s => s.CpuSeconds) - before.Sum(s => s.CpuSeconds)),
            Microseconds(after[l].CpuSeconds - before[l].CpuSeconds),
            after[l].ResidentMiB);
    }

    private static async Task<MemberStatus[]> StatusesAsync(Group group, CancellationToken ct)
    {
        var statuses = new List<MemberStatus>();
        foreach (Member member in group.Members)
        {
            statuses.Add(await member.StatusAsync(ct));
        }

        return [.. statuses];
    }

    private void Print()
    {
        Console.WriteLine($"| {settings.Rounds} rounds in turns: median (least–most) | {string.Join(" | ", settings.Engines.Select(e => e.Title()))} |");
        Console.WriteLine($"|---{string.Concat(Enumerable.Repeat("|---", settings.Engines.Length))}|");
        foreach ((int clients, _) in Loads)
        {
            string of = clients == 1 ? "1 client" : $"{clients} clients";
            Row($"writes a second, {of}", clients, s => s.Load.WritesPerSecond, "#,0");
            Row($"latency, {of}, half below, ms", clients, s => s.Load.P50Ms, "0.00");
            Row($"latency, {of}, 99 % below, ms", clients, s => s.Load.P99Ms, "0.00");
        }

        int most = Loads[^1].Clients;
        Row($"processor time a write, leader, {most} clients, µs", most, s => s.LeaderCpuMicroseconds, "0");
        Row("the same, all three members", most, s => s.CpuMicroseconds, "0");
        Row($"allocated a write, leader, {most} clients, bytes", most, s => s.Load.AllocatedBytes, "#,0");
        Row("resident memory of the leader afterwards, MiB", most, s => s.ResidentMiB, "0");
    }

    private void Row(string what, int clients, Func<Sample, double> value, string format)
    {
        IEnumerable<string> cells = settings.Engines.Select(engine =>
            Figures.Spread([.. _samples.Where(s => s.Engine == engine && s.Clients == clients).Select(s => value(s.Sample))], format));
        Console.WriteLine($"| {what} | {string.Join(" | ", cells)} |");
    }

    private static string MachineLoad() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
