using Skep.Overlay;
using Skep.Worker.Agent;

namespace Skep.Worker.Tests;

public sealed class DesiredNetworkBuilderTests
{
    private static readonly NodeId Self = new("n1");
    private static readonly NodeId Other = new("n2");
    private static readonly NetworkId Net = new("net");
    private static readonly NetworkId Ingress = new("ing");
    private static readonly ServiceId Web = new("web");

    [Fact]
    public void Without_its_own_place_the_node_has_no_picture()
        => Assert.Null(DesiredNetworkBuilder.Build(AssignmentView.Empty, Self, "h", [], []));

    [Fact]
    public void Tables_become_networks_maps_and_names()
    {
        SwarmTask local = Task("t1", new NetworkAttachment(Ingress, A("10.0.0.5"), 24), new NetworkAttachment(Net, A("10.0.1.5"), 24));
        DesiredNetwork picture = DesiredNetworkBuilder.Build(View(local), Self, "h", [new(local.Id, DesiredNetworkBuilder.Sandbox(local, View(local), _ => A("172.18.0.9"), (_, _) => null))], [2377])!;

        Assert.Equal(new NodeAddressing(Self, A("192.168.0.1"), 1, A("10.0.0.2"), "h"), picture.Self);
        Assert.Equal(new PeerNode(A("192.168.0.2"), 2, A("10.0.0.3")), picture.Peers[Other]);
        OverlayNetwork overlay = Assert.Single(picture.Networks).Value;
        Assert.Equal(A("169.254.0.1"), overlay.Router);
        Assert.Equal(A("169.254.0.2"), overlay.PeerRouters[Other]);
        Assert.Equal([A("10.0.1.5")], overlay.VirtualAddresses[A("10.0.1.100")]);
        Assert.Equal(EndpointState.Draining, overlay.Endpoints[A("10.0.1.6")].State);
        Assert.Equal([new PortBackend(A("10.0.0.5"), 80)], picture.PublishedPorts[new PublishedPort(PortProtocol.Tcp, 8080)]);
        Assert.Equal([new PublishedPort(PortProtocol.Tcp, 80)], picture.IngressEndpoints[A("10.0.0.5")].TargetPorts);
        DnsZone zone = picture.Dns[Net];
        Assert.Equal([A("10.0.1.100")], zone.Names["web"]);
        Assert.Equal([A("10.0.1.5")], zone.Names["tasks.web"]);
        Assert.Equal([A("10.0.1.100")], zone.Names["www"]);
        Assert.Equal([A("10.0.1.6")], zone.Names["web.2.t2"]);
        Assert.Equal("web.1.t1.backend", zone.Pointers[A("10.0.1.5")]);
        TaskSandbox sandbox = picture.Sandboxes[local.Id];
        Assert.Equal([new OverlayAttachment(Net, A("10.0.1.5"), "eth0")], sandbox.Overlays);
        Assert.Equal(new EgressAttachment(A("10.0.0.5"), "eth1"), sandbox.Egress);
    }

    [Fact]
    public void Task_without_published_ports_leaves_by_an_address_of_the_node()
    {
        SwarmTask local = Task("t1", new NetworkAttachment(Net, A("10.0.1.5"), 24));
        Assert.Equal(A("172.18.0.9"), DesiredNetworkBuilder.Sandbox(local, View(local), _ => A("172.18.0.9"), (_, _) => null).Egress!.Address);
    }

    [Fact]
    public void Task_on_internal_networks_only_has_no_way_out()
    {
        SwarmTask local = Task("t1", new NetworkAttachment(Net, A("10.0.1.5"), 24));
        Assert.Null(DesiredNetworkBuilder.Sandbox(local, View(local, isInternal: true), _ => A("172.18.0.9"), (_, _) => null).Egress);
    }

    [Fact]
    public void Task_whose_network_is_no_longer_told_of_gets_no_other_interface_in_its_place()
    {
        SwarmTask ended = Task("t1", new NetworkAttachment(Net, A("10.0.1.5"), 24));
        Assert.Equal(new TaskSandbox(), DesiredNetworkBuilder.Sandbox(ended, AssignmentView.Empty, _ => A("172.18.0.9"), (_, _) => null));
    }

    [Fact]
    public void A_task_on_a_device_of_the_node_needs_no_other_way_out()
    {
        var macvlan = new Network(new NetworkId("mv")) { Spec = new NetworkSpec(new Annotations("mv")) { Driver = new Driver("macvlan"), ConfigFrom = "cfg" } };
        var place = new DirectAttachment(macvlan.Id, "eth0", 4, A("192.168.7.9"), Ipv4Prefix.Parse("192.168.7.0/24"), "") { Gateway = A("192.168.7.1") };
        SwarmTask alone = Task("t1", new NetworkAttachment(macvlan.Id, null, 0)), both = Task("t2", new NetworkAttachment(macvlan.Id, null, 0), new NetworkAttachment(Net, A("10.0.1.5"), 24));
        AssignmentView view = AssignmentView.Of([new AssignmentItem.NetworkInfo(macvlan), new AssignmentItem.NetworkInfo(View(both).Networks[Net])]);

        TaskSandbox sandbox = DesiredNetworkBuilder.Sandbox(alone, view, _ => A("172.18.0.9"), (_, _) => place);
        Assert.Equal([place with { Interface = "eth0" }], sandbox.Directs);
        Assert.Null(sandbox.Egress);
        sandbox = DesiredNetworkBuilder.Sandbox(both, view, _ => A("172.18.0.9"), (_, _) => place);
        Assert.Equal(("eth0", "eth1", "eth2"), (sandbox.Directs[0].Interface, sandbox.Overlays[0].Interface, sandbox.Egress!.Interface));
    }

    private static Ipv4Address A(string text) => Ipv4Address.Parse(text);

    private static SwarmTask Task(string id, params NetworkAttachment[] networks) => new(new TaskId(id), Web, 1)
    {
        Spec = new TaskSpec { Container = new ContainerSpec("x") },
        ServiceAnnotations = new Annotations("web"),
        Status = new SwarmTaskStatus(TaskState.Assigned, DateTimeOffset.UnixEpoch),
        Networks = networks.ToValueList(),
    };

    private static AssignmentView View(SwarmTask local, bool isInternal = false)
    {
        ValueMap<NetworkId, Ipv4Address> Attached(string ingress, string net) => ValueMap<NetworkId, Ipv4Address>.Empty.Set(Ingress, A(ingress)).Set(Net, A(net));
        return AssignmentView.Of(
        [
            new AssignmentItem.Peer(Self, "h", 1, "192.168.0.1", "", Attached("10.0.0.2", "10.0.1.2"), true),
            new AssignmentItem.Peer(Other, "o", 2, "192.168.0.2", "", Attached("10.0.0.3", "10.0.1.3"), true),
            new AssignmentItem.NetworkInfo(new Network(Ingress) { Spec = new NetworkSpec(new Annotations("ingress")) { Ingress = true }, Allocation = new NetworkAllocation(4096, Ipv4Prefix.Parse("10.0.0.0/24"), A("10.0.0.1")) }),
            new AssignmentItem.NetworkInfo(new Network(Net) { Spec = new NetworkSpec(new Annotations("backend")) { Internal = isInternal, Driver = new Driver("overlay") }, Allocation = new NetworkAllocation(4097, Ipv4Prefix.Parse("10.0.1.0/24"), A("10.0.1.1")) }),
            new AssignmentItem.ServiceRecord(Web, "web", new ServiceEndpoint(EndpointMode.Vip) { Ports = [new PortConfig(PortProtocol.Tcp, 80, 8080, PublishMode.Ingress)], VirtualIps = [new VirtualIp(Net, A("10.0.1.100"))] }),
            new AssignmentItem.TaskEndpoint(Net, local.Id, Web, "web.1.t1", Self, A("10.0.1.5"), EndpointState.Serving, ["www"]),
            new AssignmentItem.TaskEndpoint(Net, new TaskId("t2"), Web, "web.2.t2", Other, A("10.0.1.6"), EndpointState.Draining, []),
            new AssignmentItem.TaskEndpoint(Ingress, local.Id, Web, "web.1.t1", Self, A("10.0.0.5"), EndpointState.Serving, []),
            new AssignmentItem.TaskAssignment(local),
        ]);
    }
}
