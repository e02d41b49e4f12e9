using System.Text.RegularExpressions;

namespace Skep.Testing.Clusters;

/// <summary>What a node's tasks leave in the kernel and in containerd, seen without asking the daemon.</summary>
public sealed partial class NodeInspector(TestCluster cluster, int node)
{
    private string Run => $"{cluster.RunDirectory}/n{node}";

    /// <summary>All of it as sorted lines, without what changes by itself: equal before and after when nothing was left behind.</summary>
    public async Task<SortedSet<string>> SnapshotAsync()
    {
        var all = new SortedSet<string>(StringComparer.Ordinal);
        all.UnionWith((await ContainersAsync().ConfigureAwait(false)).Select(c => $"container {c}"));
        all.UnionWith((await ContainerdListAsync("snapshots", "ls").ConfigureAwait(false)).Skip(1).Where(l => l.Contains("Active", StringComparison.Ordinal)).Select(l => $"snapshot {l.Split(' ')[0]}"));
        all.UnionWith(Namespaces().Select(n => $"namespace of {n}"));
        all.UnionWith(HeldNamespaces().Select(n => $"names program holds {n}"));
        all.UnionWith(Mounts().Select(m => $"mount {m}"));
        all.UnionWith(ControlGroups().Select(g => $"cgroup {g}"));
        all.UnionWith((await LinksAsync().ConfigureAwait(false)).Select(l => $"link {l}"));
        all.UnionWith((await RulesAsync().ConfigureAwait(false)).Select(r => $"nft {r}"));
        return all;
    }

    public async Task<string[]> ContainersAsync() => await ContainerdListAsync("containers", "ls", "-q").ConfigureAwait(false);

    /// <summary>Process ids by container, of those that run.</summary>
    public async Task<SortedDictionary<string, int>> ProcessesAsync()
    {
        var all = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (string line in (await ContainerdListAsync("tasks", "ls").ConfigureAwait(false)).Skip(1))
        {
            string[] cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (cells is [string container, string pid, "RUNNING"])
            {
                all[container] = int.Parse(pid);
            }
        }

        return all;
    }

    /// <summary>Tasks that have a network namespace. (Those made ahead belong to nobody and are not counted.)</summary>
    public IEnumerable<string> Namespaces() => Directory.Exists($"{Run}/skep/netns")
        ? new DirectoryInfo($"{Run}/skep/netns").EnumerateFileSystemInfos("task-*").Select(f => f.Name) : [];

    /// <summary>Namespaces that the program that answers names keeps alive. A resident that holds none ends by itself.</summary>
    public IEnumerable<string> HeldNamespaces()
    {
        string file = $"{Run}/skep/netns/names.pid";
        if (!File.Exists(file) || !Directory.Exists($"/proc/{File.ReadAllText(file).Trim()}/fd"))
        {
            return [];
        }

        string? own = new FileInfo($"/proc/{File.ReadAllText(file).Trim()}/ns/net").LinkTarget;
        return new DirectoryInfo($"/proc/{File.ReadAllText(file).Trim()}/fd").EnumerateFileSystemInfos().Select(f => f.LinkTarget ?? "")
            .Where(t => t.StartsWith("net:", StringComparison.Ordinal) && t != own).Distinct();
    }

    /// <summary>Mounts below the node's folders, without those of its namespaces.</summary>
    public IEnumerable<string> Mounts() => File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' ')[4])
        .Where(p => (p.StartsWith(Run + "/", StringComparison.Ordinal) || p.StartsWith($"{cluster.DataDirectory}/n{node}/", StringComparison.Ordinal)) && !p.Contains("/netns/", StringComparison.Ordinal));

    public IEnumerable<string> ControlGroups() => new[] { "/sys/fs/cgroup" }.Concat(Directory.GetDirectories("/sys/fs/cgroup"))
        .Select(root => $"{root}/skep-{cluster.Name}/n{node}").Where(Directory.Exists)
        .SelectMany(root => Directory.GetDirectories(root).Select(d => d["/sys/fs/cgroup".Length..]));

    public async Task<IEnumerable<string>> LinksAsync()
        => (await cluster.InNodeAsync(node, "ip", "-br", "link").ConfigureAwait(false)).Succeeded().Lines.Select(l => l.Split(' ', '@')[0]).Where(l => !SandboxLink().IsMatch(l));

    /// <summary>Tables, chains, sets and their elements of the node's own network, without counters, handles and time-outs.</summary>
    public async Task<IEnumerable<string>> RulesAsync()
        => (await cluster.InNodeAsync(node, "nft", "-s", "list", "ruleset").ConfigureAwait(false)).Succeeded().Lines.Select(l => Passing().Replace(l, "").Trim());

    private async Task<string[]> ContainerdListAsync(params string[] what)
        => (await Command.RunAsync("ctr", ["-a", $"{Run}/containerd.sock", "-n", "skep", .. what]).ConfigureAwait(false)).Succeeded().Lines;

    [GeneratedRegex("( expires [0-9a-z]+)|( handle [0-9]+)")]
    private static partial Regex Passing();

    [GeneratedRegex("^$")]
    private static partial Regex SandboxLink();
}
