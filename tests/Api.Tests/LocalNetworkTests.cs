using Skep.Api.Local;
using Skep.Engine.Containers;
using Skep.Engine.Networks;
using Skep.Model;
using Skep.Model.Net;
using Skep.Wire;

namespace Skep.Api.Tests;

/// <summary>Requests about a node's own networks and ports, and how containers show theirs.</summary>
public sealed class LocalNetworkTests
{
    [Fact]
    public void A_network_of_the_node_is_as_it_was_asked_for()
    {
        LocalNetworkSpec wish = LocalNetworkRequest.ToWish(new WireNetworkCreate
        {
            Name = "mybr",
            Internal = true,
            Options = new() { ["com.docker.network.driver.mtu"] = "1400" },
            Labels = new() { ["a"] = "b" },
            Ipam = new WireIpam { Driver = "default", Config = [new WireIpamPool { Subnet = "10.7.0.0/24", IpRange = "10.7.0.128/25", Gateway = "10.7.0.254", AuxAddress = new() { ["printer"] = "10.7.0.130" } }] },
        });

        Assert.Equal(("mybr", "bridge", true), (wish.Name, wish.Driver, wish.Internal));
        Assert.Equal((Ipv4Prefix.Parse("10.7.0.0/24"), Ipv4Prefix.Parse("10.7.0.128/25"), Ipv4Address.Parse("10.7.0.254")), (wish.Subnet, wish.Range, wish.Gateway));
        Assert.Equal(("10.7.0.130", "b"), (wish.Auxiliary["printer"], wish.Labels["a"]));
    }

    [Theory]
    [InlineData("bridge", "", "", "operation is not permitted on predefined bridge network")]
    [InlineData("docker_gwbridge", "", "", "every node of a swarm has it")]
    [InlineData("net", "com.docker.network.bridge.name", "br7", "no bridge interface to be named")]
    [InlineData("net", "com.docker.network.bridge.enable_icc", "false", "enable_icc=false")]
    [InlineData("net", "com.docker.network.driver.mtu", "little", "invalid value for com.docker.network.driver.mtu: little")]
    [InlineData("net", "colour", "blue", "option colour")]
    public void What_would_not_be_obeyed_is_refused(string name, string option, string value, string says)
    {
        var body = new WireNetworkCreate { Name = name, Options = option.Length > 0 ? new() { [option] = value } : null };
        Assert.Contains(says, Assert.Throws<ClusterException>(() => LocalNetworkRequest.ToWish(body)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ports_may_name_an_address_and_a_range()
    {
        ValueList<StandalonePort> ports = ContainerPorts.Of(
            new WireContainerCreate(),
            new WireContainerHostConfig
            {
                PortBindings = new()
                {
                    ["80/tcp"] = [new WirePortBinding("127.0.0.1", "8080"), new WirePortBinding("0.0.0.0", "8000-8009")],
                    ["53/udp"] = [new WirePortBinding("", "")],
                },
            },
            null);

        Assert.Equal(
            [
                new StandalonePort(PortProtocol.Tcp, 80, 8080) { HostAddress = "127.0.0.1" },
                new StandalonePort(PortProtocol.Tcp, 80, 8000) { LastHostPort = 8009 },
                new StandalonePort(PortProtocol.Udp, 53, 0),
            ],
            ports);
        var six = new WireContainerHostConfig { PortBindings = new() { ["80/tcp"] = [new WirePortBinding("::1", "80")] } };
        Assert.Equal(ErrorKind.NotImplemented, Assert.Throws<ClusterException>(() => ContainerPorts.Of(new WireContainerCreate(), six, null)).Kind);
    }

    [Fact]
    public void A_container_shows_its_networks_and_ports()
    {
        LocalContainer container = new(new string('a', 64), "web")
        {
            State = ContainerState.Running,
            Hostname = "aaaaaaaaaaaa",
            NetworkNamespace = "/run/skep/netns/s-1",
            Networks =
            [
                new LocalEndpoint(new NetworkId("bridge"), "bridge", Ipv4Address.Parse("172.18.0.2"), 16) { Gateway = Ipv4Address.Parse("172.18.0.1") },
                new LocalEndpoint(new NetworkId("f00"), "mybr", Ipv4Address.Parse("10.7.0.2"), 24) { Aliases = ["www"] },
            ],
            Ports = [new LocalPort(PortProtocol.Tcp, 80, 8080, Ipv4Address.Parse("127.0.0.1"))],
            Standalone = new StandaloneSpec
            {
                Template = new TaskSpec { Container = new ContainerSpec("nginx") },
                Exposed = ["80/tcp", "443/tcp"],
            },
        };

        WireContainerDetail shown = ContainerMapping.ToDetail(container, "n1");
        Assert.Equal(("172.18.0.2", "172.18.0.1", "/run/skep/netns/s-1"), (shown.NetworkSettings!.IpAddress, shown.NetworkSettings.Gateway, shown.NetworkSettings.SandboxKey));
        Assert.Equal([new WirePortBinding("127.0.0.1", "8080")], shown.NetworkSettings.Ports!["80/tcp"]!);
        Assert.Null(shown.NetworkSettings.Ports["443/tcp"]);
        Assert.Equal(["web", "www", "aaaaaaaaaaaa"], shown.NetworkSettings.Networks!["mybr"].DnsNames!);
        Assert.Equal(LocalNetworks.IdOf("n1", "bridge"), shown.NetworkSettings.Networks["bridge"].NetworkId);
        WireContainerNetworks ended = ContainerMapping.ToDetail(container with { State = ContainerState.Exited }, "n1").NetworkSettings!;
        Assert.Equal(("", "", 0), (ended.IpAddress, ended.SandboxKey, ended.Ports!.Count));
    }
}
