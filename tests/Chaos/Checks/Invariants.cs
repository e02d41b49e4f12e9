using System.Text.Json.Nodes;
using Skep.Chaos.Load;
using Skep.Testing.Clusters;

namespace Skep.Chaos.Checks;

/// <summary>What must hold once a fault is over.</summary>
internal static class Invariants
{
    private static readonly TimeSpan HealLimit = TimeSpan.FromSeconds(60);

    /// <summary>Every manager has every acknowledged write and none that was deleted.</summary>
    public static async Task NoAcknowledgedWriteIsLostAsync(TestCluster cluster, int[] managers, Ledger ledger)
    {
        foreach (int manager in managers)
        {
            string? broken = null;
            await Eventually.TrueAsync(
                async () =>
                {
                    using EngineClient engine = cluster.Engine(manager);
                    broken = await ledger.BrokenPromiseAsync(engine);
                    return true;
                },
                HealLimit,
                () => $"an answer of n{manager}");
            Assert.True(broken is null, $"n{manager}: {broken}");
        }
    }

    /// <summary>Managers at the same index hold the same bytes.</summary>
    public static async Task ReplicasAreEqualAsync(TestCluster cluster, int[] managers)
    {
        string different = "";
        await Eventually.BecomesAsync(
            async () =>
            {
                var seen = new List<(int Node, ulong Index, string Checksum)>();
                foreach (int manager in managers)
                {
                    using EngineClient engine = cluster.Engine(manager);
                    JsonNode replica = (await engine.GetAsync("replica"))!;
                    seen.Add((manager, (ulong)replica["Index"]!, (string)replica["Checksum"]!));
                }

                string all = string.Join(", ", seen.Select(s => $"n{s.Node} {s.Index} {s.Checksum}"));
                if (seen.GroupBy(s => s.Index).Any(g => g.Select(s => s.Checksum).Distinct().Count() > 1))
                {
                    different = all;
                    return null;
                }

                return seen.Select(s => s.Index).Distinct().Count() == 1 ? null : $"one index on all managers: {all}";
            },
            TimeSpan.FromSeconds(30));
        Assert.True(different.Length == 0, $"replicas differ at the same index: {different}");
    }

    /// <summary>As many tasks run as are wanted, on nodes that are there, and containerd agrees on each of them and on no other.</summary>
    public static Task ServiceIsWholeAsync(TestCluster cluster, int via, string service, int count) => Eventually.BecomesAsync(
        async () =>
        {
            using EngineClient engine = cluster.Engine(via);
            JsonObject[] tasks = await engine.TasksAsync(service);
            JsonObject[] running = [.. tasks.Where(EngineClient.IsRunning)];
            if (running.Length != count)
            {
                return $"{service} runs {running.Length}/{count}: {string.Join("; ", tasks.Select(t => $"{t["Slot"]} {t["Status"]!["State"]} wanted {t["DesiredState"]} {t["Status"]!["Err"]}"))}";
            }

            Dictionary<string, string> nodes = (await engine.ListAsync("nodes")).ToDictionary(n => (string)n["Description"]!["Hostname"]!, n => (string)n["ID"]!);
            foreach (int node in cluster.Nodes)
            {
                string[] wanted = [.. running.Where(t => (string)t["NodeID"]! == nodes[$"n{node}"]).Select(t => (string)t["Status"]!["ContainerStatus"]!["ContainerID"]!).Order(StringComparer.Ordinal)];
                string[] present = [.. (await new NodeInspector(cluster, node).ProcessesAsync()).Keys];
                if (!wanted.SequenceEqual(present))
                {
                    return $"n{node} should run {string.Join(' ', wanted)} and runs {string.Join(' ', present)}";
                }
            }

            return null;
        },
        HealLimit);

    /// <summary>Nodes are as they were before the service: no container, namespace, mount, cgroup, link or rule of it.</summary>
    /// <remarks>
    /// A task's link may stay for minutes: where a path broke, the kernel keeps the ended task's last, unacknowledged connection, and with it the network namespace.
    /// <see cref="LingeringLinks"/> sees to it that it goes in the end. Everything else must be gone at once.
    /// </remarks>
    public static async Task NothingIsLeftBehindAsync(TestCluster cluster, IReadOnlyDictionary<int, SortedSet<string>> before)
    {
        foreach (int node in cluster.Nodes)
        {
            await Eventually.BecomesAsync(
                async () =>
                {
                    SortedSet<string> now = await new NodeInspector(cluster, node).SnapshotAsync();
                    string[] extra = [.. now.Except(before[node]).Where(l => !LingeringLinks.IsTaskLink(l))];
                    return extra.Length == 0 ? null : $"n{node} still has {string.Join(" | ", extra.Take(12))} ({extra.Length} in all)";
                },
                TimeSpan.FromSeconds(30));
        }
    }
}
