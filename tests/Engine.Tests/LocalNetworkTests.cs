using Skep.Engine.Containers;
using Skep.Engine.Networks;

namespace Skep.Engine.Tests;

/// <summary>A node's own networks: their addresses, interfaces, and the node's ports.</summary>
public sealed class LocalNetworkTests
{
    [Fact]
    public void Networks_are_kept_in_a_file_and_never_overlap()
    {
        string directory = Directory.CreateTempSubdirectory("skt-worker-").FullName;
        LocalNetworkStore book = Book(directory);
        LocalNetwork first = book.Create(new LocalNetworkSpec("one") { Labels = ValueMap<string, string>.Empty.Set("a", "b") });
        LocalNetwork own = book.Create(new LocalNetworkSpec("own") { Subnet = P("10.7.0.0/24"), Gateway = A("10.7.0.9"), Internal = true });

        // 172.17.0.0/16 is the machine's.
        Assert.Equal(P("172.19.0.0/16"), first.Subnet);
        Assert.Equal((A("172.19.0.1"), A("10.7.0.9")), (first.Gateway, own.Gateway));
        Assert.NotEqual(first.Number, own.Number);
        Refuses(ErrorKind.AlreadyExists, "network with name one already exists", () => book.Create(new LocalNetworkSpec("one")));
        Refuses(ErrorKind.PermissionDenied, "Pool overlaps with other one", () => book.Create(new LocalNetworkSpec("two") { Subnet = P("10.7.0.128/25") }));
        Refuses(ErrorKind.InvalidArgument, "no matching subnet for gateway", () => book.Create(new LocalNetworkSpec("two") { Subnet = P("10.8.0.0/24"), Gateway = A("10.9.0.1") }));

        LocalNetworkStore again = Book(directory);
        Assert.Equal([first, own], again.All);
        Assert.Equal(own, again.Find(own.Id[..8]));
        again.Remove(first);
        Assert.Null(Book(directory).Find("one"));
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void Addresses_are_the_lowest_free_or_the_one_asked_for()
    {
        var network = new LocalNetwork("id", "own", P("10.7.0.0/24"), A("10.7.0.1"), 1, default)
        {
            HasOwnSubnet = true,
            Range = P("10.7.0.0/29"),
            Auxiliary = ValueMap<string, string>.Empty.Set("printer", "10.7.0.2"),
        };
        Assert.Equal(A("10.7.0.3"), network.Choose(null, new HashSet<Ipv4Address>()));
        Assert.Equal(A("10.7.0.4"), network.Choose(null, new HashSet<Ipv4Address> { A("10.7.0.3") }));
        Assert.Equal(A("10.7.0.77"), network.Choose(A("10.7.0.77"), new HashSet<Ipv4Address>()));
        Refuses(ErrorKind.PermissionDenied, "Address already in use", () => network.Choose(A("10.7.0.77"), new HashSet<Ipv4Address> { A("10.7.0.77") }));
        Refuses(ErrorKind.InvalidArgument, "no configured subnet contains", () => network.Choose(A("10.8.0.77"), new HashSet<Ipv4Address>()));
        Refuses(ErrorKind.InvalidArgument, "user configured subnets", () => (network with { HasOwnSubnet = false }).Choose(A("10.7.0.77"), new HashSet<Ipv4Address>()));
    }

    [Fact]
    public void Interfaces_of_a_running_container_keep_their_names()
    {
        NetworkSettings first = new NetworkSettings([On("mybr")], [], "").Numbered();
        Assert.Equal(("eth0", "eth1"), (first.Endpoints[0].Interface, first.Egress));
        NetworkSettings second = (first with { Endpoints = first.Endpoints.Add(On("own")) }).Numbered();
        Assert.Equal(["eth0", "eth2"], second.Endpoints.Select(e => e.Interface));
        NetworkSettings third = (second with { Endpoints = [second.Endpoints[1]] }).Numbered();
        Assert.Equal(("eth2", "eth1"), (third.Endpoints[0].Interface, third.Egress));
        NetworkSettings alone = (third with { Endpoints = [third.Endpoints[0] with { IsInternal = true }] }).Numbered();
        Assert.Equal("", alone.Egress);
        NetworkSettings standard = new NetworkSettings([On("bridge"), On("mybr")], [], "").Numbered();
        Assert.Equal(("eth0", "eth1", "eth0"), (standard.Endpoints[0].Interface, standard.Endpoints[1].Interface, standard.Egress));
    }

    [Fact]
    public void Ports_pass_by_what_others_have()
    {
        LocalPort[] taken = [new(PortProtocol.Tcp, 80, 8080, null), new(PortProtocol.Tcp, 80, 8081, A("127.0.0.1"))];
        ValueList<LocalPort> chosen = HostPortAllocator.Choose(
            [
                new StandalonePort(PortProtocol.Tcp, 80, 8080) { LastHostPort = 8090 },
                new StandalonePort(PortProtocol.Tcp, 80, 8081) { HostAddress = "127.0.0.2" },
                new StandalonePort(PortProtocol.Udp, 80, 8080),
                new StandalonePort(PortProtocol.Tcp, 443, 0),
            ],
            taken, p => p.PublishedPort is 8082 or 32768 ? "address already in use" : null, "web");

        Assert.Equal([8083, 8081, 8080, 32769], chosen.Select(p => p.PublishedPort));
        Refuses(ErrorKind.Internal, "endpoint web: Bind for 127.0.0.1:8080 failed: port is already allocated",
            () => HostPortAllocator.Choose([new StandalonePort(PortProtocol.Tcp, 80, 8080) { HostAddress = "127.0.0.1" }], taken, _ => null, "web"));
        Refuses(ErrorKind.Internal, "failed to bind host port for 0.0.0.0:22/tcp: address already in use",
            () => HostPortAllocator.Choose([new StandalonePort(PortProtocol.Tcp, 22, 22)], taken, _ => "address already in use", "web"));
    }

    private static LocalNetworkStore Book(string directory) => new(directory, () => [P("172.17.0.0/16"), P("172.18.0.0/16")], TimeProvider.System, IdSource.From(new Random(1)));

    private static LocalEndpoint On(string network) => new(new NetworkId(network), network, A("10.7.0.5"), 24);

    private static void Refuses(ErrorKind kind, string says, Action act)
    {
        ClusterException refusal = Assert.Throws<ClusterException>(act);
        Assert.Equal(kind, refusal.Kind);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    private static Ipv4Address A(string text) => Ipv4Address.Parse(text);

    private static Ipv4Prefix P(string text) => Ipv4Prefix.Parse(text);
}
