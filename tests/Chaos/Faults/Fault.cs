using Skep.Testing.Clusters;

namespace Skep.Chaos.Faults;

/// <summary>Something bad that happens to one node, and how it ends.</summary>
/// <param name="Name">In a sentence, without the node.</param>
/// <param name="Strike">Does it.</param>
/// <param name="Heal">Undoes it, or brings back what died.</param>
/// <param name="MeshStays">The published port of every node is to answer all the while: only the daemon is away.</param>
internal sealed record Fault(string Name, Func<TestCluster, int, Task> Strike, Func<TestCluster, int, Task> Heal, bool MeshStays = false)
{
    public static readonly Fault[] All =
    [
        new("the daemon is killed", (c, n) => KillAsync(c, n, "skepd"), Revive, MeshStays: true),
        new("containerd is killed", (c, n) => KillAsync(c, n, "containerd"), Revive, MeshStays: true),
        new("the daemon stands still", (c, n) => c.SignalAsync(n, "skepd", "STOP"), (c, n) => c.SignalAsync(n, "skepd", "CONT")),
        new("the cable is out", (c, n) => c.ScriptAsync("cut", $"{n}"), (c, n) => c.ScriptAsync("heal", $"{n}")),
        new("nothing comes in", (c, n) => DropAsync(c, n, "prerouting", "iifname"), Undrop),
        new("nothing goes out", (c, n) => DropAsync(c, n, "postrouting", "oifname"), Undrop),
        new("the machine reboots", (c, n) => c.ScriptAsync("kill", $"{n}"), (c, n) => c.ScriptAsync("restart", $"{n}")),
    ];

    public static Fault Named(string name) => All.Single(f => f.Name == name);

    /// <summary>Until it is dead: a process that still dies must not be taken for one that lives.</summary>
    private static async Task KillAsync(TestCluster cluster, int node, string program)
    {
        string status = $"/proc/{cluster.PidOf(node, program)}/status";
        await cluster.SignalAsync(node, program, "KILL");
        await Eventually.TrueAsync(
            () => Task.FromResult(!File.Exists(status) || File.ReadLines(status).Any(l => l.StartsWith("State:\tZ", StringComparison.Ordinal))),
            TimeSpan.FromSeconds(10),
            () => $"the end of {program} on n{node}");
    }

    private static Task Revive(TestCluster cluster, int node) => cluster.ScriptAsync("revive", $"{node}");

    /// <summary>One direction of the node's cable, for what it forwards as well as for its own.</summary>
    private static async Task DropAsync(TestCluster cluster, int node, string hook, string side)
        => (await cluster.InNodeAsync(node, "nft", $"add table inet chaos; add chain inet chaos cut {{ type filter hook {hook} priority {(hook == "prerouting" ? -450 : 450)}; }}; add rule inet chaos cut {side} eth0 drop")).Succeeded();

    private static async Task Undrop(TestCluster cluster, int node) => (await cluster.InNodeAsync(node, "nft", "delete table inet chaos")).Succeeded();
}
