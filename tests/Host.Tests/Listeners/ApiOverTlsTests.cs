using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Listeners;

/// <summary>The Engine API on tcp://…:2376, for whoever holds an operator's certificate.</summary>
public sealed class ApiOverTlsTests : ClusterFacts
{
    [Fact]
    public Task An_operators_certificate_lets_docker_in_from_elsewhere() => OnClusterAsync(async () =>
    {
        Assert.Equal(3, (await FromOutsideAsync("client", "node", "ls", "-q")).Succeeded().Lines.Length);
        string service = await ServiceAsync("tls", "--constraint", "node.hostname==n1");
        await UntilRunningAsync(service, 1);
        string container = (await DockerAsync("ps", "-q", "--filter", $"label=com.docker.swarm.service.name={service}")).Succeeded().Out.Trim();
        // Taken from HTTP, as attach and exec are.
        Assert.Equal("hello", (await FromOutsideAsync("client", "exec", container, "echo", "hello")).Succeeded().Out.Trim());
    });

    [Theory]
    [InlineData("stranger")]
    [InlineData("")]
    public Task Anyone_else_is_refused(string holder) => OnClusterAsync(async () =>
    {
        CommandResult refused = await FromOutsideAsync(holder, "version");
        Assert.NotEqual(0, refused.Code);
        Assert.DoesNotContain("Server:", refused.Out, StringComparison.Ordinal);
    });

    [Fact]
    public Task Plain_HTTP_gets_no_answer() => OnClusterAsync(async () =>
        Assert.NotEqual(0, (await Cluster.InNodeAsync(0, "curl", "-sS", "-m", "3", $"http://{Cluster.AddressOf(1)}:2376/_ping")).Code));

    private Task<CommandResult> FromOutsideAsync(string holder, params string[] args)
    {
        string file = Path.Combine(SharedCluster.Certificates, holder);
        string[] shown = holder.Length == 0 ? [] : [$"--tlscert={file}.pem", $"--tlskey={file}.key"];
        return Cluster.InNodeAsync(
            0, ["docker", "--tlsverify", $"--tlscacert={Path.Combine(SharedCluster.Certificates, "ca.pem")}", .. shown, "-H", $"tcp://{Cluster.AddressOf(1)}:2376", .. args]);
    }
}
