using Skep.Manager.Control;
using Skep.Manager.Dispatch;
using Skep.Manager.Tests.Orchestration;
using Skep.Model;
using Skep.Model.Net;
using Skep.Store;
using static Skep.Manager.Tests.Control.ServiceControlTests;

namespace Skep.Manager.Tests.Control;

/// <summary>Places in networks for containers of users.</summary>
public sealed class AttachmentTests
{
    private static readonly NodeId Worker = new("n1");
    private static readonly AttachmentRequest Wish = new("c0ffee", "shell", "net") { Aliases = ["sh"] };

    [Fact]
    public async Task A_container_has_one_place_in_a_network_however_often_it_asks()
    {
        OneManager manager = await OneManager.StartAsync();
        NetworkId network = await manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("net")) { Attachable = true }, default);

        AttachmentResult first = await manager.Control.Attachments.AttachAsync(Worker, Wish, default);
        AttachmentResult again = await manager.Control.Attachments.AttachAsync(Worker, Wish with { Network = network.Value }, default);

        Assert.Equal((first.Task, network), (again.Task, again.Network));
        SwarmTask task = Assert.Single(manager.Store.View().Tasks);
        Assert.Equal((Worker, "shell", TaskState.New), (task.Node, task.Name, task.Status.State));
        await manager.Control.Attachments.DetachAsync(new NodeId("another"), [first.Task], default);
        Assert.Single(manager.Store.View().Tasks);
        await manager.Control.Attachments.DetachAsync(Worker, [first.Task, new TaskId("unknown")], default);
        Assert.Empty(manager.Store.View().Tasks);
    }

    [Fact]
    public async Task Only_attachable_networks_take_containers_of_users()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.Control.Networks.CreateAsync(new NetworkSpec(new Annotations("net")), default);

        await RefusesAsync(ErrorKind.PermissionDenied, "network net not manually attachable", manager.Control.Attachments.AttachAsync(Worker, Wish, default));
        await RefusesAsync(ErrorKind.PermissionDenied, "network ingress not manually attachable", manager.Control.Attachments.AttachAsync(Worker, Wish with { Network = "ingress" }, default));
        await RefusesAsync(ErrorKind.NotFound, "network nope not found", manager.Control.Attachments.AttachAsync(Worker, Wish with { Network = "nope" }, default));
    }

    [Fact]
    public async Task Macvlan_networks_of_the_cluster_are_made_from_the_settings_of_each_node()
    {
        OneManager manager = await OneManager.StartAsync();
        NetworkSpec spec = new(new Annotations("mv")) { Driver = new Driver("macvlan") };
        await RefusesAsync(ErrorKind.NotImplemented, "macvlan networks of the cluster need --config-from: their subnet and parent interface are each node's, so make a network with --config-only on every node first", manager.Control.Networks.CreateAsync(spec, default));
        await RefusesAsync(ErrorKind.InvalidArgument, "user specified configurations are not supported if the network depends on a configuration network",
            manager.Control.Networks.CreateAsync(spec with { ConfigFrom = "cfg", Ipam = new IpamSpec { Pools = [new IpamPool("10.0.0.0/24", "", "")] } }, default));
        await manager.Control.Networks.CreateAsync(spec with { ConfigFrom = "cfg" }, default);
        Assert.Null(manager.Store.View().Networks.ByName("mv")!.Allocation);
    }

    [Fact]
    public void Attachments_get_addresses_hold_their_network_and_go_with_their_node()
    {
        var cluster = new SimCluster(1, nodes: 2);
        cluster.Create(Things.Overlay("net", "10.5.0.0/24"), Attachment("a1", null), Attachment("a2", Ipv4Address.Parse("10.5.0.77")), Attachment("a3", Ipv4Address.Parse("10.5.0.77")));
        cluster.Settle();

        SwarmTask free = cluster.View.Tasks.Find(new TaskId("a1"))!, asked = cluster.View.Tasks.Find(new TaskId("a2"))!, late = cluster.View.Tasks.Find(new TaskId("a3"))!;
        Assert.Equal((TaskState.Assigned, TaskState.Assigned, TaskState.New), (free.Status.State, asked.Status.State, late.Status.State));
        Assert.Equal(Ipv4Address.Parse("10.5.0.77"), asked.Networks[0].Address);
        Assert.Equal("Address already in use: 10.5.0.77", late.Status.Error);
        AssignmentItem.TaskEndpoint endpoint = NetworkTables.Of(cluster.View).EndpointsOf(free.Networks[0].Network).OfType<AssignmentItem.TaskEndpoint>().First();
        Assert.Equal((EndpointState.Serving, "shell", ServiceId.None), (endpoint.State, endpoint.TaskName, endpoint.Service));

        // Its address is given to the next as soon as it is given back.
        cluster.Apply(StoreChange.Remove.Of(asked));
        cluster.Settle();
        Assert.Equal(TaskState.Assigned, cluster.View.Tasks.Find(new TaskId("a3"))!.Status.State);

        cluster.Apply(StoreChange.Remove.Of(cluster.View.Nodes.Find(Worker)!));
        cluster.Settle();
        Assert.Empty(cluster.View.Tasks);
    }

    private static SwarmTask Attachment(string id, Ipv4Address? address) => new(new TaskId(id), ServiceId.None, 0)
    {
        Node = Worker,
        Spec = new TaskSpec { Container = new ContainerSpec(""), Networks = [new NetworkAttachmentSpec("net-id")] },
        ServiceAnnotations = new Annotations("shell"),
        Status = new SwarmTaskStatus(TaskState.New, default),
        Attachment = new TaskAttachment("container of " + id, address),
    };
}
