using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Skep.Chaos.Faults;
using Skep.Testing.Clusters;

namespace Skep.Chaos;

/// <summary>
/// Real clusters under failures. A short fixed set runs always; by hand, for as long as wanted:
/// <c>SKEP_CHAOS_SEED=7 SKEP_CHAOS_MINUTES=10 dotnet test tests/Chaos</c>.
/// </summary>
public sealed class ChaosTests(ChaosCluster chaos) : IClassFixture<ChaosCluster>
{
    private const int Worker = 4;

    [Theory]
    [InlineData("the daemon is killed")]
    [InlineData("the cable is out")]
    [InlineData("nothing comes in")]
    [InlineData("the daemon stands still")]
    public Task The_leader(string fault) => chaos.RoundAsync(Fault.Named(fault), LeaderAsync, seed: 1, TimeSpan.FromSeconds(4));

    [Theory]
    [InlineData("the daemon is killed")]
    [InlineData("nothing goes out")]
    [InlineData("the machine reboots")]
    public Task Another_manager(string fault) => chaos.RoundAsync(Fault.Named(fault), FollowerAsync, seed: 2, TimeSpan.FromSeconds(4));

    [Fact]
    public Task A_manager_whose_daemon_comes_back_in_time_loses_no_request() => chaos.RoundAsync(Fault.Named("the daemon is killed"), FollowerAsync, seed: 4, TimeSpan.FromSeconds(1));

    [Theory]
    [InlineData("the daemon is killed")]
    [InlineData("containerd is killed")]
    [InlineData("the cable is out")]
    [InlineData("the machine reboots")]
    public Task The_worker(string fault) => chaos.RoundAsync(Fault.Named(fault), _ => Task.FromResult(Worker), seed: 3, TimeSpan.FromSeconds(8));

    [LongRunFact]
    public async Task Faults_by_seed()
    {
        int seed = LongRunFactAttribute.Seed;
        var random = new Random(seed);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < LongRunFactAttribute.Length;)
        {
            Fault fault = Fault.All[random.Next(Fault.All.Length)];
            int choice = random.Next(6);
            await chaos.RoundAsync(fault, c => choice switch { 0 or 1 => LeaderAsync(c), 2 or 3 => FollowerAsync(c), _ => Task.FromResult(Worker) }, seed, TimeSpan.FromSeconds(0.2 + (random.NextDouble() * 9)));
        }
    }

    [LongRunFact]
    public Task A_lying_worker_hurts_only_itself() => ClusterFailure.WithLogsAsync(chaos.Cluster, () => LyingWorker.HurtsOnlyItselfAsync(chaos.Cluster, LongRunFactAttribute.Length));

    private static async Task<int> LeaderAsync(TestCluster cluster)
    {
        int leader = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                using EngineClient engine = cluster.Engine(1);
                JsonObject? node = (await engine.ListAsync("nodes")).FirstOrDefault(n => (bool?)n["ManagerStatus"]?["Leader"] == true);
                leader = int.Parse(((string?)node?["Description"]?["Hostname"])?[1..] ?? "0", CultureInfo.InvariantCulture);
                return leader > 0;
            },
            TimeSpan.FromSeconds(20),
            () => "a leader");
        return leader;
    }

    private static async Task<int> FollowerAsync(TestCluster cluster)
    {
        int leader = await LeaderAsync(cluster);
        return ChaosCluster.Managers.Last(m => m != leader);
    }
}
