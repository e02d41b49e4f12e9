namespace Skep.Scheduler.Tests;

internal static class Things
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static Node Node(string id, long cpus = 4, long memoryBytes = 1 << 30, params (string Key, string Value)[] labels) => new(new NodeId(id))
    {
        Spec = new NodeSpec(Annotations.Unnamed with { Labels = labels.ToValueMap(l => l.Key, l => l.Value) }),
        Status = new NodeStatus(NodeState.Ready, "", "10.0.0.1"),
        Description = new NodeDescription($"host-{id}", new Platform("x86_64", "linux"), new Resources(cpus * 1_000_000_000, memoryBytes)),
    };

    public static SwarmTask Pending(string id, string service = "s", int slot = 1, TaskSpec? spec = null) => new(new TaskId(id), new ServiceId(service), slot)
    {
        Version = new ObjectVersion(1),
        Spec = spec ?? Spec(),
        ServiceAnnotations = new Annotations(service),
        Status = new SwarmTaskStatus(TaskState.Pending, Noon),
    };

    public static SwarmTask Running(string id, string node, string service = "s", TaskSpec? spec = null)
        => Pending(id, service, 1, spec) with { Node = new NodeId(node), Status = new SwarmTaskStatus(TaskState.Running, Noon) };

    public static SwarmTask Failed(string id, string node, DateTimeOffset at, string service = "s")
        => Running(id, node, service) with { Status = new SwarmTaskStatus(TaskState.Failed, at), DesiredState = TaskState.Shutdown };

    public static TaskSpec Spec(Placement? placement = null, Resources? reservations = null) => new()
    {
        Container = new ContainerSpec("busybox"),
        Placement = placement ?? Placement.Anywhere,
        Reservations = reservations,
    };

    public static TaskSpec Where(params string[] constraints) => Spec(new Placement { Constraints = [.. constraints] });

    public static SwarmTask OnHostPort(this SwarmTask task, int port, PortProtocol protocol = PortProtocol.Tcp)
        => task with { Endpoint = new ServiceEndpoint(EndpointMode.Vip) { Ports = [new PortConfig(protocol, 80, port, PublishMode.Host)] } };

    public static SwarmTask[] Many(int count, string service = "s", TaskSpec? spec = null)
        => [.. Enumerable.Range(1, count).Select(i => Pending($"{service}-{i:d6}", service, i, spec))];

    /// <summary>Places the pending ones of these objects.</summary>
    public static Placements Place(params IEnumerable<IStoredObject>[] objects)
    {
        ClusterCache picture = PictureOf(objects.SelectMany(o => o));
        return Placer.Place(picture, picture.Pending, Noon);
    }

    public static ClusterCache PictureOf(IEnumerable<IStoredObject> objects)
    {
        List<IStoredObject> all = [.. objects];
        return ClusterCache.Of(all.OfType<Node>(), all.OfType<SwarmTask>(), all.OfType<Network>());
    }

    /// <summary>How many tasks each node got, in order of node ids: <c>a2 b1</c>.</summary>
    public static string Shares(this Placements placements)
        => string.Join(' ', placements.Placed.CountBy(p => p.Node).OrderBy(p => p.Key).Select(p => $"{p.Key}{p.Value}"));
}
