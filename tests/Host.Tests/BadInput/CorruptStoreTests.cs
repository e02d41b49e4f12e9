using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.BadInput;

/// <summary>A disk that lies: the manager refuses to go on from it, says where, and its containers run on.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class CorruptStoreTests : ClusterFacts
{
    private const int Node = 3;

    [Theory]
    [InlineData("*.wal")]
    [InlineData("*.snap")]
    public Task A_damaged_file_is_refused_with_its_name_and_the_place(string pattern) => OnClusterAsync(async () =>
    {
        await Cluster.SignalAsync(Node, "skepd", "TERM");
        await Eventually.TrueAsync(() => Task.FromResult(!Directory.Exists($"/proc/{Cluster.PidOf(Node, "skepd")}")), Limit, () => "skepd to end");
        string file = Directory.GetFiles($"{Cluster.DataDirectory}/n{Node}/skep/manager", pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        byte[] sound = await File.ReadAllBytesAsync(file);
        byte[] damaged = [.. sound];
        // Not the tail, which a crash may leave torn: in the first record.
        damaged[Math.Min(96, damaged.Length / 2)] ^= 0x55;
        await File.WriteAllBytesAsync(file, damaged);
        try
        {
            await Cluster.ScriptAsync("restart", $"{Node}");
            await Eventually.BecomesAsync(
                async () =>
                {
                    string error = (await Cluster.DockerAsync(Node, "info", "--format", "{{.Swarm.LocalNodeState}} {{.Swarm.Error}}")).Succeeded().Out;
                    return error.Contains("error", StringComparison.Ordinal) && error.Contains(Path.GetFileName(file), StringComparison.Ordinal) && error.Contains("offset", StringComparison.Ordinal) ? null : $"an error that names {Path.GetFileName(file)} and an offset: {error}";
                },
                TimeSpan.FromSeconds(15));
        }
        finally
        {
            await File.WriteAllBytesAsync(file, sound);
        }

        await Cluster.UntilReadyAsync([1, 2, 3], via: 1, Limit);
    });
}
