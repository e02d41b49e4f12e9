using Skep.Manager.Dispatch;
using Skep.Model;
using Skep.Model.Net;
using Skep.Store;

namespace Skep.Manager.Tests.Dispatch;

public sealed class AssignmentPlannerTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly NodeId A = new("a"), B = new("b");
    private static readonly NetworkId Front = new("front"), Ingress = new("ingress");

    [Fact]
    public void A_task_brings_its_network_with_every_endpoint_wherever_it_runs()
    {
        Dictionary<AssignmentKey, AssignmentItem> items = Plan(A, Task("t1", A, "10.0.1.5"), Task("t2", B, "10.0.1.6"));
        Assert.Contains(new AssignmentKey(AssignmentKind.Network, "front"), items.Keys);
        Assert.Contains(new AssignmentKey(AssignmentKind.Endpoint, "front/t1"), items.Keys);
        Assert.Contains(new AssignmentKey(AssignmentKind.Endpoint, "front/t2"), items.Keys);
        Assert.Contains(new AssignmentKey(AssignmentKind.Task, "t1"), items.Keys);
        Assert.DoesNotContain(new AssignmentKey(AssignmentKind.Task, "t2"), items.Keys);
    }

    [Fact]
    public void A_network_that_is_each_nodes_own_is_told_though_managers_gave_it_nothing()
    {
        var host = new Network(new NetworkId("host-id")) { Spec = new NetworkSpec(new Annotations("host") { Labels = ValueMap<string, string>.Empty.Set(Manager.Control.PredefinedNetworks.Label, "true") }) { Driver = new Driver("host") } };
        var macvlan = new Network(new NetworkId("mv-id")) { Spec = new NetworkSpec(new Annotations("mv")) { Driver = new Driver("macvlan"), ConfigFrom = "cfg" } };
        var unready = new Network(new NetworkId("new-id")) { Spec = new NetworkSpec(new Annotations("new")) };
        SwarmTask task = Task("t1", A, "10.0.1.5") with { Networks = [new NetworkAttachment(host.Id, null, 0), new NetworkAttachment(macvlan.Id, null, 0), new NetworkAttachment(unready.Id, null, 0)] };
        StoreView view = StoreView.Of(10, [.. Things(), host, macvlan, unready, task]);
        Assert.Equal(
            ["host-id", "ingress", "mv-id"],
            AssignmentPlanner.Plan(view, NetworkTables.Of(view), A).Keys.Where(k => k.Kind == AssignmentKind.Network).Select(k => k.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_node_without_tasks_knows_the_ingress_network_only()
    {
        Dictionary<AssignmentKey, AssignmentItem> items = Plan(A, Task("t2", B, "10.0.1.6"));
        Assert.Equal(["ingress"], items.Keys.Where(k => k.Kind == AssignmentKind.Network).Select(k => k.Id));
        Assert.DoesNotContain(items.Keys, k => k.Kind == AssignmentKind.Endpoint);
    }

    [Fact]
    public void A_task_not_yet_assigned_is_nobodys()
    {
        SwarmTask pending = Task("t1", A, "10.0.1.5") with { Status = new SwarmTaskStatus(TaskState.Pending, Now) };
        Assert.DoesNotContain(Plan(A, pending).Keys, k => k.Kind == AssignmentKind.Task);
    }

    [Theory]
    [InlineData(TaskState.Running, TaskState.Running, EndpointState.Serving)]
    [InlineData(TaskState.Starting, TaskState.Running, EndpointState.Draining)]
    [InlineData(TaskState.Running, TaskState.Shutdown, EndpointState.Draining)]
    public void Only_a_running_task_that_is_to_run_gets_new_connections(TaskState observed, TaskState desired, EndpointState expected)
    {
        SwarmTask task = Task("t1", A, "10.0.1.5") with { Status = new SwarmTaskStatus(observed, Now), DesiredState = desired };
        var endpoint = (AssignmentItem.TaskEndpoint)Plan(A, task)[new AssignmentKey(AssignmentKind.Endpoint, "front/t1")];
        Assert.Equal(expected, endpoint.State);
    }

    [Fact]
    public void The_reports_of_a_task_do_not_come_back_to_its_node_as_changes()
    {
        var stream = new AssignmentStream();
        Assert.NotNull(stream.Next(Plan(A, Task("t1", A, "10.0.1.5"))));
        SwarmTask reported = Task("t1", A, "10.0.1.5") with { Status = new SwarmTaskStatus(TaskState.Running, Now) { Message = "started" }, UpdatedAt = Now.AddSeconds(1) };
        Assert.DoesNotContain(stream.Next(Plan(A, reported))!.Puts, p => p.Key.Kind == AssignmentKind.Task);
        Assert.Null(stream.Next(Plan(A, reported with { Status = reported.Status with { Message = "still" } })));
    }

    [Fact]
    public void A_step_holds_only_what_changed_and_sequences_have_no_gap()
    {
        var stream = new AssignmentStream();
        AssignmentChange whole = stream.Next(Plan(A, Task("t1", A, "10.0.1.5")))!;
        AssignmentChange step = stream.Next(Plan(A, Task("t1", A, "10.0.1.5"), Task("t3", B, "10.0.1.7")))!;
        AssignmentChange back = stream.Next(Plan(A, Task("t1", A, "10.0.1.5")))!;
        Assert.True(whole.IsComplete);
        Assert.Equal([1ul, 2ul, 3ul], new[] { whole.Sequence, step.Sequence, back.Sequence });
        Assert.Equal(["front/t3"], step.Puts.Select(p => p.Key.Id));
        Assert.Equal(["front/t3"], back.Removes.Select(k => k.Id));
        stream.StartOver();
        Assert.True(stream.Next(Plan(A, Task("t1", A, "10.0.1.5")))!.IsComplete);
    }

    public static TheoryData<string, bool> Changes => new()
    {
        { "service without networks and ports: made", false },
        { "service without networks and ports: allocated", false },
        { "service without networks and ports: removed", false },
        { "service with a virtual address: allocated", true },
        { "service with a virtual address: removed", true },
        { "service that publishes: allocated", true },
        { "service of names alone: allocated", true },
        { "task waits: removed", false },
        { "task waits: assigned", true },
        { "task assigned: prepares", false },
        { "task assigned: runs", true },
        { "task assigned: removed", true },
    };

    /// <summary>A change that is said not to matter leaves every node's assignments as they were; of those that are said to, each here changes some.</summary>
    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_matters_when_some_node_is_told_something_else(string change, bool matters)
    {
        Service alone = new(new ServiceId("s")) { Spec = new ServiceSpec(new Annotations("web")) { Task = new TaskSpec { Container = new ContainerSpec("image") } } };
        Service At(ServiceEndpoint endpoint) => alone with { Endpoint = endpoint };
        Service empty = At(new ServiceEndpoint(EndpointMode.Vip));
        Service virtualIp = At(new ServiceEndpoint(EndpointMode.Vip) { VirtualIps = [new VirtualIp(Front, Ipv4Address.Parse("10.0.1.2"))] });
        Service publishing = At(new ServiceEndpoint(EndpointMode.Vip) { Ports = [new PortConfig(PortProtocol.Tcp, 80, 8080, PublishMode.Ingress)] });
        SwarmTask assigned = Task("t1", A, "10.0.1.5"), waits = assigned with { Node = null, Status = new SwarmTaskStatus(TaskState.Pending, Now) };
        (IStoredObject? old, IStoredObject? now) = change switch
        {
            "service without networks and ports: made" => ((IStoredObject?)null, (IStoredObject?)alone),
            "service without networks and ports: allocated" => (alone, empty),
            "service without networks and ports: removed" => (empty, null),
            "service with a virtual address: allocated" => (alone, virtualIp),
            "service with a virtual address: removed" => (virtualIp, null),
            "service that publishes: allocated" => (alone, publishing),
            "service of names alone: allocated" => (alone, At(new ServiceEndpoint(EndpointMode.Dnsrr))),
            "task waits: removed" => (waits, null),
            "task waits: assigned" => (waits, assigned),
            "task assigned: prepares" => (assigned, assigned with { Status = new SwarmTaskStatus(TaskState.Preparing, Now) }),
            "task assigned: runs" => (assigned, assigned with { Status = new SwarmTaskStatus(TaskState.Running, Now) }),
            "task assigned: removed" => (assigned, null),
            _ => throw new ArgumentOutOfRangeException(nameof(change)),
        };

        Assert.Equal(matters, DispatchFilter.Matters(new StoreEvent((now ?? old)!.Kind, old, now)));
        Assert.Equal(!matters, Told(old).SetEquals(Told(now)));

        // Another task runs on B, so that a node has the network; of the same service if that can be in one.
        HashSet<(string, AssignmentKey, AssignmentItem)> Told(IStoredObject? changed)
        {
            SwarmTask other = Task("t9", B, "10.0.1.9") with { ServiceId = new ServiceId(change.StartsWith("service without", StringComparison.Ordinal) ? "other" : "s") };
            StoreView view = StoreView.Of(10, [.. Things(), other, .. changed is null ? [] : new[] { changed }]);
            NetworkTables tables = NetworkTables.Of(view);
            return [.. new[] { A, B }.SelectMany(n => AssignmentPlanner.Plan(view, tables, n).Select(i => (n.Value, i.Key, i.Value)))];
        }
    }

    private static Dictionary<AssignmentKey, AssignmentItem> Plan(NodeId node, params SwarmTask[] tasks)
    {
        StoreView view = StoreView.Of(10, [.. Things(), .. tasks]);
        return AssignmentPlanner.Plan(view, NetworkTables.Of(view), node);
    }

    private static IEnumerable<IStoredObject> Things() =>
    [
        Node(A, 1), Node(B, 2),
        new Network(Front) { Spec = new NetworkSpec(new Annotations("front")), Allocation = new NetworkAllocation(4097, Ipv4Prefix.Parse("10.0.1.0/24"), Ipv4Address.Parse("10.0.1.1")) },
        new Network(Ingress) { Spec = new NetworkSpec(new Annotations("ingress")) { Ingress = true }, Allocation = new NetworkAllocation(4096, Ipv4Prefix.Parse("10.0.0.0/24"), Ipv4Address.Parse("10.0.0.1")) },
    ];

    private static Node Node(NodeId id, int index) => new(id)
    {
        Spec = new NodeSpec(Annotations.Unnamed),
        NetworkIndex = index,
        Status = new NodeStatus(NodeState.Ready, "", $"192.0.2.{index}"),
        Description = new NodeDescription(id.Value, new Platform("x86_64", "linux"), new Resources(0, 0)) { DataPathAddress = $"192.0.2.{index}", PeerAddress = $"192.0.2.{index}:2377" },
    };

    private static SwarmTask Task(string id, NodeId node, string address) => new(new TaskId(id), new ServiceId("s"), 1)
    {
        Spec = new TaskSpec { Container = new ContainerSpec("image") },
        ServiceAnnotations = new Annotations("web"),
        Status = new SwarmTaskStatus(TaskState.Assigned, Now),
        Node = node,
        Networks = [new NetworkAttachment(Front, Ipv4Address.Parse(address), 24)],
    };
}
