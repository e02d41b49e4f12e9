using Skep.Manager.Allocation;
using Skep.Manager.Tests.Orchestration;
using Skep.Model;
using Skep.Model.Net;
using Skep.Store;

namespace Skep.Manager.Tests.Allocation;

public sealed class PoolTests
{
    private static Ipv4Prefix P(string text) => Ipv4Prefix.Parse(text);

    private static Ipv4Address A(string text) => Ipv4Address.Parse(text);

    [Fact]
    public void Address_given_back_is_used_again_last()
    {
        var pool = new AddressPool(P("10.0.0.0/29"), null, [A("10.0.0.1")]);
        Ipv4Address?[] taken = [pool.Take(), pool.Take()];
        Assert.Equal([A("10.0.0.2"), A("10.0.0.3")], taken);
        pool.Release(A("10.0.0.2"));
        Assert.Equal([A("10.0.0.4"), A("10.0.0.5"), A("10.0.0.6"), A("10.0.0.2"), null], [pool.Take(), pool.Take(), pool.Take(), pool.Take(), pool.Take()]);
        Assert.True(pool.IsFull);
    }

    [Fact]
    public void Range_and_reserved_addresses_are_kept()
    {
        var pool = new AddressPool(P("10.0.0.0/24"), P("10.0.0.128/30"), [A("10.0.0.1"), A("10.0.0.129")]);
        Assert.Equal([A("10.0.0.128"), A("10.0.0.130"), A("10.0.0.131"), null], [pool.Take(), pool.Take(), pool.Take(), pool.Take()]);
    }

    [Fact]
    public void Subnets_pass_by_what_is_taken_and_by_the_machines()
    {
        var pool = new SubnetPool();
        pool.Claim(P("10.0.0.0/24"));
        pool.Claim(P("10.0.2.0/23"));
        Assert.Equal(P("10.0.1.0/24"), pool.Take([P("10.0.0.0/8")], 24, []));
        Assert.Equal(P("10.0.5.0/24"), pool.Take([P("10.0.0.0/8")], 24, [A("10.0.4.9")]));
        Assert.Null(pool.Take([P("10.0.0.0/23")], 24, []));
    }

    [Fact]
    public void Ports_go_round()
    {
        var pool = new PortPool();
        pool.Claim(PortProtocol.Tcp, 30001);
        Assert.Equal([30000, 30002], [pool.Take(PortProtocol.Tcp), pool.Take(PortProtocol.Tcp)]);
        Assert.Equal(30000, pool.Take(PortProtocol.Udp));
        pool.Release(PortProtocol.Tcp, 30000);
        Assert.Equal(30003, pool.Take(PortProtocol.Tcp));
    }

    [Fact]
    public void Full_network_says_so_and_tasks_go_on_when_an_address_is_free()
    {
        var cluster = new SimCluster(1, nodes: 2);
        Service web = Things.Service("web", 8);
        cluster.Create(Things.Overlay("small", "10.5.0.0/29"), web with { Spec = web.Spec.On("small") });
        cluster.Run(TimeSpan.FromSeconds(3));
        Assert.Equal(4, cluster.Running("web").Length);
        SwarmTask waiting = cluster.Tasks("web").First(t => t.Status.State == TaskState.New);
        Assert.Equal("network small has no free address: all 5 of 10.5.0.0/29 are in use", waiting.Status.Error);
        SwarmTask first = cluster.Running("web")[0];
        cluster.Update(first with { Status = new SwarmTaskStatus(TaskState.Failed, cluster.Now) });
        cluster.Settle();
        Assert.Equal(TaskState.Assigned, cluster.View.Tasks.Find(waiting.Id)!.Status.State);
        Assert.Equal("", cluster.View.Tasks.Find(waiting.Id)!.Status.Error);
    }

    [Fact]
    public void Chosen_port_and_address_stay_when_the_service_changes()
    {
        var cluster = new SimCluster(1, nodes: 2);
        Service web = Things.Service("web");
        cluster.Create(Things.Overlay("back"), web with { Spec = web.Spec.On("back").Publishing(Things.Port(80)) });
        cluster.Settle();
        ServiceEndpoint before = cluster.Service("web").Endpoint!;
        cluster.Update(cluster.Service("web").Updated(Things.Spec("web").On("back").Publishing(Things.Port(80), Things.Port(81), Things.Port(82, 8082))));
        cluster.Settle();
        ServiceEndpoint after = cluster.Service("web").Endpoint!;
        Assert.Equal(before.VirtualIps, after.VirtualIps);
        Assert.Equal([30000, 30001, 8082], after.Ports.Select(p => p.PublishedPort));
    }

    [Fact]
    public void Predefined_networks_get_no_address_and_nodes_one_of_the_mesh()
    {
        var cluster = new SimCluster(1, nodes: 2);
        Network host = new(new NetworkId("host-id")) { Spec = new NetworkSpec(new Annotations("host") { Labels = ValueMap<string, string>.Empty.Set("com.docker.swarm.predefined", "true") }) { Driver = new Driver("host") } };
        Service web = Things.Service("web");
        cluster.Create(host, web with { Spec = web.Spec.On("host") });
        cluster.Settle();
        Assert.Null(cluster.View.Networks.Find(host.Id)!.Allocation);
        Assert.Equal([new NetworkAttachment(host.Id, null, 0)], cluster.Tasks("web")[0].Networks);
        Assert.Equal([1, 2], cluster.View.Nodes.Select(n => n.NetworkIndex));
        Assert.All(cluster.View.Nodes, n => Assert.True(cluster.View.Networks.Find(Things.IngressId)!.Allocation!.Subnet.Contains(n.Attachments[Things.IngressId])));
    }

    [Fact]
    public void Two_services_of_one_batch_never_get_the_same()
    {
        var cluster = new SimCluster(1, nodes: 2);
        cluster.Check = new SafetyRules().Check;
        cluster.Create([Things.Overlay("back"), .. Enumerable.Range(0, 30).Select(i => Things.Service($"s{i}") with { Spec = Things.Spec($"s{i}", 2).On("back").Publishing(Things.Port(80)) })]);
        cluster.Settle();
        Assert.Equal(30, cluster.View.Services.Select(s => s.Endpoint!.Ports[0].PublishedPort).Distinct().Count());
        Assert.All(cluster.View.Tasks, t => Assert.Equal(TaskState.Assigned, t.Status.State));
    }
}
