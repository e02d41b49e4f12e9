using Skep.Overlay.Planning;

namespace Skep.Overlay.Tests.Planning;

/// <summary>Random pictures of a cluster, applied one after the other to a picture of the kernel.</summary>
public sealed class NetworkPlannerTests
{
    private static readonly PlannerOptions Options = new("skep-mesh", 4789, Ipv4Address.From(172, 18, 0, 1), false);
    private static readonly NodeId Self = new("node1");

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Planning_again_after_a_plan_yields_nothing(int seed)
    {
        var random = new Random(seed);
        var present = WithSandboxes();
        for (int step = 0; step < 12; step++)
        {
            DesiredNetwork desired = RandomPicture(random);
            Perform(NetworkPlanner.Plan(desired, present, Options), present);
            foreach (NamespaceState state in present.Namespaces.Values)
            {
                state.Inputs = null;
            }

            NetworkPlan again = NetworkPlanner.Plan(desired, present, Options);
            Assert.Empty(again.Operations);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Step_by_step_equals_from_nothing(int seed)
    {
        var random = new Random(seed);
        var stepwise = WithSandboxes();
        DesiredNetwork last = RandomPicture(random);
        for (int step = 0; step < 8; step++)
        {
            last = RandomPicture(random);
            Perform(NetworkPlanner.Plan(last, stepwise, Options), stepwise);
        }
        var fresh = WithSandboxes();
        Perform(NetworkPlanner.Plan(last, fresh, Options), fresh);
        foreach ((NamespaceKey key, NamespaceState wanted) in fresh.Namespaces)
        {
            NamespaceState actual = stepwise[key];
            IEnumerable<KernelObject> have = key.Kind == NamespaceKind.Sandbox
                ? actual.Objects.Values.Where(o => wanted.Objects.ContainsKey(o.Key)) // a task's namespace is only added to
                : actual.Objects.Values.Where(o => o is not VethLink link || last.Sandboxes.ContainsKey(link.Task));
            Assert.Equal(wanted.Objects.Values.OrderBy(o => o.Key), have.OrderBy(o => o.Key));
            foreach ((string set, Dictionary<string, string> elements) in wanted.Table.Elements.Where(e => e.Key != "be"))
            {
                Assert.Equal(elements.OrderBy(e => e.Key, StringComparer.Ordinal), actual.Table.In(set).OrderBy(e => e.Key, StringComparer.Ordinal));
            }

            Assert.Equal(Backends(wanted), Backends(actual));
            Assert.Equal(wanted.Table.BalanceChains, actual.Table.BalanceChains);
        }
        Assert.Equal(fresh.Namespaces.Keys.Where(k => k.Kind == NamespaceKind.Router), stepwise.Namespaces.Keys.Where(k => k.Kind == NamespaceKind.Router));
    }

    [Fact]
    public void Rules_come_before_traffic_routes_before_slots_and_slots_go_before_routes()
    {
        var random = new Random(3);
        var present = WithSandboxes();
        DesiredNetwork desired = RandomPicture(random);
        for (int step = 0; step < 40; step++)
        {
            NetworkPlan plan = NetworkPlanner.Plan(desired, present, Options);
            foreach (IGrouping<NamespaceKey, Operation> one in plan.Operations.GroupBy(o => o.Namespace))
            {
                List<Operation> steps = [.. one];
                int slots = steps.FindIndex(o => o is Operation.ChangeTable { Change.Adds.Count: > 0 } or Operation.ChangeTable { Change.Deletes.Count: > 0 });
                bool isNew = !present.Namespaces.TryGetValue(one.Key, out NamespaceState? before) || before.Table.Marker is null;
                int definition = steps.FindIndex(o => o is Operation.ChangeTable { Change.Replaces: true });
                int firstPut = steps.FindIndex(o => o is Operation.Put);
                Assert.True(!isNew || definition < 0 || firstPut < 0 || definition < firstPut);
                Assert.True(slots < 0 || steps.FindLastIndex(o => o is Operation.Put { Object: Route }) < slots);
                Assert.True(slots < 0 || steps.FindIndex(o => o is Operation.Take { Object: Route }) is var take && (take < 0 || take > slots));
            }
            Perform(plan, present);
            desired = RandomPicture(random);
        }
    }

    [Fact]
    public void One_backend_more_is_a_handful_of_elements()
    {
        var random = new Random(5);
        var present = WithSandboxes();
        ValueList<Ipv4Address> many = Enumerable.Range(1, 100).Select(i => Ipv4Address.From(10, 1, 9, (byte)i)).ToValueList();
        DesiredNetwork desired = RandomPicture(random);
        (NetworkId id, OverlayNetwork network) = desired.Networks.First();
        DesiredNetwork With(ValueList<Ipv4Address> backends) => desired with
        {
            Networks = desired.Networks.Set(id, network with { VirtualAddresses = network.VirtualAddresses.Set(Ipv4Address.From(10, 1, 9, 200), backends) }),
        };
        Perform(NetworkPlanner.Plan(With(many), present, Options), present);
        ValueList<Ipv4Address> swapped = many.Where(a => a != many[40]).Append(Ipv4Address.From(10, 1, 9, 150)).ToValueList();
        NetworkPlan plan = NetworkPlanner.Plan(With(swapped), present, Options);
        Assert.Equal(3, plan.Count); // delete the slot, add it, forget the flows of the one that ended
    }

    [Fact]
    public void A_task_that_leaves_the_last_network_of_a_resting_router_is_unplugged_at_once()
    {
        var task = TaskIdOf(0);
        var present = WithSandboxes();
        DesiredNetwork On(int number) => new()
        {
            Self = new NodeAddressing(Self, Ipv4Address.From(192, 168, 50, 11), 1, null, "node1"),
            Networks = ValueMap<NetworkId, OverlayNetwork>.Empty.Set(new NetworkId($"n{number}"), new OverlayNetwork($"n{number}", number, Ipv4Prefix.Parse($"10.{number}.0.0/24"), Ipv4Address.From(10, (byte)number, 0, 1), default) { IsLocal = true }),
            Sandboxes = ValueMap<TaskId, TaskSandbox>.Empty.Set(task, new TaskSandbox { Overlays = [new OverlayAttachment(new NetworkId($"n{number}"), Ipv4Address.From(10, (byte)number, 0, 2), "eth0")] }),
        };
        Perform(NetworkPlanner.Plan(On(1), present, Options), present);
        var resting = new HashSet<NamespaceKey> { NamespaceKey.Router(1) };

        List<Operation> operations = NetworkPlanner.Plan(On(2), present, Options, resting).Operations;
        int taken = operations.FindIndex(o => o is Operation.Take { Object: VethLink } && o.Namespace == NamespaceKey.Router(1));
        int made = operations.FindIndex(o => o is Operation.Put { Object: VethLink } && o.Namespace == NamespaceKey.Router(2));
        Assert.InRange(taken, 0, made);
        Perform(NetworkPlanner.Plan(On(2), present, Options, resting), present);

        // Back again: the router that rested is plugged in anew.
        Assert.Contains(NetworkPlanner.Plan(On(1), present, Options, resting).Operations, o => o is Operation.Put { Object: VethLink } && o.Namespace == NamespaceKey.Router(1));
    }

    [Fact]
    public void An_interface_on_a_device_of_the_host_is_made_found_again_and_taken()
    {
        var task = TaskIdOf(0);
        var present = WithSandboxes();
        var direct = new DirectAttachment(new NetworkId("mv"), "eth9", 4, Ipv4Address.From(192, 168, 7, 9), Ipv4Prefix.Parse("192.168.7.0/24"), "eth0") { Gateway = Ipv4Address.From(192, 168, 7, 1) };
        DesiredNetwork with = new()
        {
            Self = new NodeAddressing(Self, Ipv4Address.From(192, 168, 50, 11), 1, null, "node1"),
            Sandboxes = ValueMap<TaskId, TaskSandbox>.Empty.Set(task, new TaskSandbox { Directs = [direct] }),
        };
        NetworkPlan first = NetworkPlanner.Plan(with, present, Options);
        Operation.Put made = Assert.Single(first.Operations.OfType<Operation.Put>(), p => p.Object is DirectLink);
        Assert.Equal(("eth9", 4u), (((DirectLink)made.Object).Parent, ((DirectLink)made.Object).Mode));
        Assert.Contains(first.Operations.OfType<Operation.Put>(), p => p.Object is Route { Destination.Length: 0, Via: { } via } && via == direct.Gateway);
        Perform(first, present);

        // A dump does not tell the parent: what is there stays.
        NamespaceState inside = present[NamespaceKey.Sandbox(task)];
        inside.Put(new DirectLink("eth0", ((DirectLink)made.Object).Mac));
        inside.Inputs = null;
        NetworkPlan again = NetworkPlanner.Plan(with, present, Options);
        Assert.All(again.Operations, o => Assert.True(o is Operation.Put { Object: DirectLink, Before: not null }));
        Perform(again, present);

        NetworkPlan without = NetworkPlanner.Plan(with with { Sandboxes = with.Sandboxes.Set(task, new TaskSandbox()) }, present, Options);
        Assert.Contains(without.Operations, o => o is Operation.Take { Object: DirectLink { Name: "eth0" } });
        Perform(without, present);
        Assert.Empty(inside.Objects);
    }

    private static List<string> Backends(NamespaceState state) =>
        [.. state.Table.In("be").Select(e => $"{e.Key[..e.Key.LastIndexOf(" . ", StringComparison.Ordinal)]} {e.Value}").Order(StringComparer.Ordinal)];

    private static void Perform(NetworkPlan plan, PresentNetwork present)
    {
        foreach (Operation operation in plan.Operations)
        {
            if (operation is Operation.Put { Object: var made, Namespace.Kind: not NamespaceKind.Sandbox } put && made.Device is { } device and not "lo")
            {
                Assert.Contains(present[put.Namespace].Objects.Values, o => o is VxlanLink v && v.Name == device || o is VethLink e && e.Name == device);
            }

            if (operation is Operation.ChangeTable { Change: var change })
            {
                foreach ((string set, string key) in change.Deletes)
                {
                    Assert.True(present[operation.Namespace].Table.In(set).ContainsKey(key), $"{set} {key} is not there to delete");
                }
            }
            present.Apply(operation);
        }
        foreach ((NamespaceKey key, object inputs) in plan.Inputs)
        {
            present[key].Inputs = inputs;
        }
    }

    private static PresentNetwork WithSandboxes()
    {
        var present = new PresentNetwork();
        for (int task = 0; task < 8; task++)
        {
            present.Namespaces[NamespaceKey.Sandbox(TaskIdOf(task))] = new NamespaceState();
        }

        return present;
    }

    private static TaskId TaskIdOf(int task) => new($"task{task:00}abcdefghijklmnopqrs{task:00}");

    private static DesiredNetwork RandomPicture(Random random)
    {
        NodeId[] peers = [.. Enumerable.Range(2, 4).Where(_ => random.Next(4) > 0).Select(i => new NodeId($"node{i}"))];
        int Index(NodeId id) => id.Value[^1] - '0';
        bool hasIngress = random.Next(8) > 0;
        Ipv4Address[] ingress = [.. Enumerable.Range(0, 10).Where(_ => random.Next(2) > 0).Select(i => Ipv4Address.From(10, 0, 0, (byte)(100 + i)))];
        NodeId AnyNode() => random.Next(2) == 0 || peers.Length == 0 ? Self : peers[random.Next(peers.Length)];
        EndpointState AnyState() => (EndpointState)random.Next(3);
        NetworkId[] networks = [.. Enumerable.Range(1, 3).Where(_ => random.Next(3) > 0).Append(9).Select(i => new NetworkId($"net{i}"))];
        PublishedPort port = new(PortProtocol.Tcp, 8080);
        return new DesiredNetwork
        {
            Self = new NodeAddressing(Self, Ipv4Address.From(192, 168, 50, (byte)(11 + random.Next(2))), 1, hasIngress ? Ipv4Address.From(10, 0, 0, 11) : null, "node1"),
            Peers = peers.ToValueMap(p => p, p => new PeerNode(Ipv4Address.From(192, 168, 50, (byte)(10 * Index(p))), Index(p), hasIngress ? Ipv4Address.From(10, 0, 0, (byte)(10 + Index(p))) : null)),
            Ingress = hasIngress ? new IngressSegment(Ipv4Prefix.Parse("10.0.0.0/24"), 4096, 1400 + random.Next(2)) : null,
            IngressEndpoints = ingress.ToValueMap(a => a, _ => new IngressEndpoint(AnyNode(), [new PublishedPort(PortProtocol.Tcp, 80)], AnyState())),
            PublishedPorts = random.Next(3) == 0 ? ValueMap<PublishedPort, ValueList<PortBackend>>.Empty
                : new Dictionary<PublishedPort, ValueList<PortBackend>> { [port] = ingress.Select(a => new PortBackend(a, 80)).ToValueList() }.ToValueMap(),
            Networks = networks.ToValueMap(id => id, id => Network(random, id.Value[^1] - '0', peers, Index, AnyNode, AnyState)),
            Sandboxes = Enumerable.Range(0, 8).Where(_ => random.Next(3) > 0).ToValueMap(TaskIdOf, t => new TaskSandbox
            {
                Overlays = networks.Where(_ => random.Next(2) == 0).Select((id, i) => new OverlayAttachment(id, Ipv4Address.From(10, 1, (byte)(id.Value[^1] - '0'), (byte)(50 + t)), $"eth{i}")).ToValueList(),
                Egress = random.Next(4) == 0 ? null : new EgressAttachment(Ipv4Address.From(172, 18, 0, (byte)(10 + t)), "eth9"),
            }),
        };
    }

    private static OverlayNetwork Network(Random random, int number, NodeId[] peers, Func<NodeId, int> index, Func<NodeId> anyNode, Func<EndpointState> anyState)
    {
        Ipv4Address At(int last) => Ipv4Address.From(10, 1, (byte)number, (byte)last);
        Ipv4Address[] tasks = [.. Enumerable.Range(50, 10).Where(_ => random.Next(2) > 0).Select(At)];
        return new OverlayNetwork($"n{number}", 4096 + number, new Ipv4Prefix(At(0), 24), At(1), At(201))
        {
            PeerRouters = peers.ToValueMap(p => p, p => At(200 + index(p))),
            Endpoints = tasks.ToValueMap(a => a, _ => new NetworkEndpoint(anyNode(), anyState())),
            VirtualAddresses = Enumerable.Range(2, 4).Where(_ => random.Next(3) > 0).ToValueMap(At, _ => tasks.Where(_ => random.Next(2) == 0).ToValueList()),
        };
    }
}
