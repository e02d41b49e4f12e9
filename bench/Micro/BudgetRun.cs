using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Scheduler;
using Skep.Store;

namespace Skep.Micro;

/// <summary>Allocations of the cores against <c>bench/budgets.json</c>. Bytes do not depend on the machine or its load, so they can fail a run; times cannot.</summary>
internal static class BudgetRun
{
    private const int Tasks = 10_000;
    private const int Rounds = 200;

    public static int Run()
    {
        Dictionary<string, double> measured = new(StringComparer.Ordinal);
        Place(measured);
        Store(measured);
        RaftBudget.Measure(measured, Rounds);
        using JsonDocument budgets = JsonDocument.Parse(File.ReadAllBytes(Find("bench/budgets.json")));
        int over = 0;
        foreach (JsonProperty budget in budgets.RootElement.GetProperty("bytes").EnumerateObject())
        {
            double value = measured.TryGetValue(budget.Name, out double found) ? found : double.NaN;
            bool holds = value <= budget.Value.GetDouble();
            over += holds ? 0 : 1;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bench: {budget.Name,-40} {value,10:f0} bytes of {budget.Value.GetDouble():f0}{(holds ? "" : "   OVER")}"));
        }

        return over == 0 ? 0 : 1;
    }

    private static void Place(Dictionary<string, double> measured)
    {
        Node[] nodes = [.. Enumerable.Range(0, 1000).Select(PlacementInput.Node)];
        SwarmTask[] tasks = [.. Enumerable.Range(0, Tasks).Select(i => PlacementInput.Task(i, 10, filtered: true))];
        ClusterCache picture = ClusterCache.Of(nodes, tasks, []);
        IReadOnlyList<SwarmTask> pending = picture.Pending;
        measured["scheduler.place per task"] = Allocated(() => Placer.Place(picture, pending, PlacementInput.Now), rounds: 1) / Tasks;
    }

    private static void Store(Dictionary<string, double> measured)
    {
        var codec = new ProtoStoreCodec();
        StoreView view = StoreView.Of(1, Enumerable.Range(0, Tasks).Select(i => PlacementInput.Task(i, 100, filtered: true) with { Node = new NodeId($"node{i % 1000}") }));
        var batch = new ChangeBatch(PlacementInput.Now, [new StoreChange.Update(view.Tasks.ElementAt(Tasks / 2))]);
        var output = new ArrayBufferWriter<byte>(64 << 10);
        codec.EncodeBatch(batch, output);
        byte[] entry = output.WrittenSpan.ToArray();
        measured["store.encode one task"] = Allocated(
            () =>
            {
                output.ResetWrittenCount();
                codec.EncodeBatch(batch, output);
            },
            Rounds);
        measured["store.decode one task"] = Allocated(() => codec.DecodeBatch(entry), Rounds);
        measured["store.apply one task"] = Allocated(() => view.Apply(2, batch), Rounds);
    }

    private static double Allocated(Action run, int rounds)
    {
        run(); // What is made once is not counted.
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < rounds; i++)
        {
            run();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)rounds;
    }

    private static string Find(string path)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, path)))
            {
                return Path.Combine(folder.FullName, path);
            }
        }

        throw new FileNotFoundException($"no {path} above {AppContext.BaseDirectory}");
    }
}
