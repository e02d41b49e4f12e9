using Skep.Testing.Clusters;
using Skep.Testing.Registries;

namespace Skep.Host.Tests.Clusters;

/// <summary>The one cluster of this test run: three managers n1…n3, and n4, which belongs to no swarm unless a test makes it join.</summary>
internal static class SharedCluster
{
    public const int Outsider = 4;

    /// <summary>An overlay network for whoever needs no own.</summary>
    public const string Network = "tests";

    /// <summary>The registry of this run, at the client's: all nodes reach it.</summary>
    public const string RegistryDomain = $"{TestCluster.ClientAddress}:5000";

    /// <summary>The only one the registry lets in.</summary>
    public static RegistryUser RegistryUser { get; } = new("bee", "honey");

    /// <summary>Of <see cref="OperatorCertificates"/>; the nodes serve their API on 2376 to the client's.</summary>
    public static string Certificates { get; } = Directory.CreateTempSubdirectory("skt-host-tls-").FullName;

    /// <summary>Of every skepd, beyond what cluster.sh gives.</summary>
    public static string Flags { get; } = $"--insecure-registry {RegistryDomain} --metrics-addr 0.0.0.0:9323 --host tcp://0.0.0.0:2376 --tlsverify --tlscacert {Certificates}/ca.pem --tlscert {Certificates}/server.pem --tlskey {Certificates}/server.key";

    private static readonly Lazy<Task<TestCluster>> Cluster = new(StartAsync);

    private static readonly Lazy<Task<RegistryProcess>> Registry = new(async () => await RegistryProcess.StartInAsync(await GetAsync(), 0, RegistryDomain, RegistryUser));

    public static Task<TestCluster> GetAsync() => Cluster.Value;

    /// <summary>Started for the first fact that needs it, it ends with the cluster.</summary>
    public static Task<RegistryProcess> GetRegistryAsync() => Registry.Value;

    private static async Task<TestCluster> StartAsync()
    {
        Repository.RequirePrograms();
        string images = Repository.PathOf("out", "images");
        (await Command.RunAsync(Repository.PathOf("tests", "Testing", "images", "build.sh"), images)).Succeeded();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Certificates, recursive: true);
        OperatorCertificates.Write(Certificates, Enumerable.Range(11, 4).Select(n => $"192.168.80.{n}"));
        TestCluster cluster = await TestCluster.StartAsync("htest", "192.168.80", count: 4, flags: Flags);
        await ClusterFailure.WithLogsAsync(cluster, async () =>
        {
            (await cluster.DockerAsync(1, "swarm", "init", "--advertise-addr", cluster.AddressOf(1))).Succeeded();
            await cluster.JoinAsync(2, "manager", via: 1);
            await cluster.JoinAsync(3, "manager", via: 1);
            await cluster.UntilReadyAsync([1, 2, 3], via: 1, TimeSpan.FromSeconds(30));
            await cluster.LoadAsync(1, Path.Combine(images, "probe-latest.tar"));
            await cluster.LoadAsync(1, Path.Combine(images, "probe-2.tar"));
            (await cluster.DockerAsync(1, "network", "create", "-d", "overlay", Network)).Succeeded();
        });
        return cluster;
    }
}

/// <summary>Facts that disturb nodes: they run after all others, one by one.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class DisturbingFacts
{
    public const string Name = "disturbing";
}
