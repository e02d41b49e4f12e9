using System.Diagnostics;
using System.Text.RegularExpressions;
using Skep.Testing.Clusters;

namespace Skep.Chaos.Checks;

/// <summary>Links of ended tasks that are still there, and since when.</summary>
internal sealed partial class LingeringLinks
{
    /// <summary>The kernel gives up an orphaned connection after some two minutes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Stopwatch> _seen = new(StringComparer.Ordinal);

    public static bool IsTaskLink(string line) => TaskLink().IsMatch(line);

    /// <summary>Asked when no task runs anywhere: so each task's link it finds lingers.</summary>
    public async Task AssertTheyGoAsync(TestCluster cluster)
    {
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (int node in cluster.Nodes)
        {
            present.UnionWith((await new NodeInspector(cluster, node).LinksAsync()).Where(l => IsTaskLink($"link {l}")).Select(l => $"n{node} {l}"));
        }

        foreach (string gone in _seen.Keys.Except(present).ToArray())
        {
            _seen.Remove(gone);
        }

        foreach (string link in present)
        {
            _seen.TryAdd(link, Stopwatch.StartNew());
        }

        Assert.True(_seen.Values.All(s => s.Elapsed < Patience), $"still there after {Patience.TotalMinutes:0} minutes: {string.Join(", ", _seen.Where(s => s.Value.Elapsed >= Patience).Select(s => s.Key))}");
    }

    [GeneratedRegex("^link t[0-9a-z]+\\.[0-9]+$")]
    private static partial Regex TaskLink();
}
