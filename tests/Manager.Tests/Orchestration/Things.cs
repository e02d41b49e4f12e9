using Skep.Model;
using Skep.Model.Net;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

internal static class Things
{
    public static readonly NetworkId IngressId = new("ingress-id");

    public static Cluster Cluster() => new(new ClusterId("cluster"))
    {
        Spec = ClusterSpec.Default,
        RootCa = new RootCa("", default, ""),
        JoinTokens = new JoinTokens("", ""),
    };

    public static Network Ingress() => new(IngressId) { Spec = new NetworkSpec(new Annotations("ingress")) { Ingress = true, Driver = new Driver("overlay") } };

    public static Network Overlay(string name, string subnet = "", string range = "") => new(new NetworkId($"{name}-id"))
    {
        Spec = new NetworkSpec(new Annotations(name)) { Driver = new Driver("overlay"), Ipam = new IpamSpec { Pools = [new IpamPool(subnet, range, "")] } },
    };

    public static Node Node(string id, params (string Key, string Value)[] labels) => new(new NodeId(id))
    {
        Spec = new NodeSpec(Annotations.Unnamed with { Labels = labels.ToValueMap(l => l.Key, l => l.Value) }),
        Status = new NodeStatus(NodeState.Ready, "", "192.168.0.1"),
        Description = new NodeDescription($"host-{id}", new Platform("x86_64", "linux"), new Resources(64_000_000_000, 1L << 40))
        {
            Plugins = [new EnginePlugin("Network", "overlay")],
        },
    };

    public static Service Service(string name, ulong replicas = 1, string image = "a", RestartPolicySpec? restart = null) => new(new ServiceId(name))
    {
        Spec = Spec(name, replicas, image, restart),
    };

    public static ServiceSpec Spec(string name, ulong replicas = 1, string image = "a", RestartPolicySpec? restart = null) => new(new Annotations(name))
    {
        Mode = new ServiceMode.Replicated(replicas),
        Task = new TaskSpec { Container = new ContainerSpec(image), Restart = restart },
    };

    public static ServiceSpec On(this ServiceSpec spec, params string[] networks)
        => spec with { Task = spec.Task with { Networks = networks.Select(n => new NetworkAttachmentSpec(n)).ToValueList() } };

    public static ServiceSpec Publishing(this ServiceSpec spec, params PortConfig[] ports) => spec with { Endpoint = new EndpointSpec(EndpointMode.Vip) { Ports = [.. ports] } };

    public static PortConfig Port(int target, int published = 0, PublishMode mode = PublishMode.Ingress) => new(PortProtocol.Tcp, target, published, mode);

    /// <summary>As the API does it.</summary>
    public static Service Updated(this Service service, ServiceSpec spec) => service with
    {
        Spec = spec,
        SpecVersion = service.Version,
        PreviousSpec = service.Spec,
        PreviousSpecVersion = service.SpecVersion,
        UpdateStatus = null,
    };

    public static Service Service(this SimCluster cluster, string name) => cluster.View.Services.Find(new ServiceId(name))!;

    public static SwarmTask[] Tasks(this SimCluster cluster, string service) => [.. cluster.View.Tasks.OfService(new ServiceId(service))];

    public static SwarmTask[] Running(this SimCluster cluster, string service)
        => [.. cluster.Tasks(service).Where(t => t is { DesiredState: TaskState.Running, Status.State: TaskState.Running })];

    public static void Create(this SimCluster cluster, params IStoredObject[] objects) => cluster.Apply([.. objects.Select(o => new StoreChange.Create(o))]);
}
