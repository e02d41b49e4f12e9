using System.Diagnostics;
using System.Globalization;
using Skep.Model;
using Skep.Scheduler;

namespace Skep.Micro;

/// <summary>How long it takes to place so many tasks on so many nodes; made and measured once, as a leader does it after a restart.</summary>
internal static class PlaceRun
{
    /// <param name="args">Tasks, nodes, services (default 1), and "filtered" for constraints, reservations and a spread preference.</param>
    public static int Run(string[] args)
    {
        int tasks = int.Parse(args[0], CultureInfo.InvariantCulture);
        int nodes = int.Parse(args[1], CultureInfo.InvariantCulture);
        int services = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 1;
        bool filtered = args.Contains("filtered", StringComparer.Ordinal);
        Node[] allNodes = [.. Enumerable.Range(0, nodes).Select(PlacementInput.Node)];
        SwarmTask[] allTasks = [.. Enumerable.Range(0, tasks).Select(i => PlacementInput.Task(i, services, filtered))];
        for (int round = 1; round <= 3; round++)
        {
            long start = Stopwatch.GetTimestamp();
            ClusterCache picture = ClusterCache.Of(allNodes, allTasks, []);
            TimeSpan built = Stopwatch.GetElapsedTime(start);
            long bytes = GC.GetAllocatedBytesForCurrentThread();
            start = Stopwatch.GetTimestamp();
            Placements placements = Placer.Place(picture, picture.Pending, PlacementInput.Now);
            TimeSpan placed = Stopwatch.GetElapsedTime(start);
            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"round {round}: {placements.Placed.Length} of {tasks} tasks ({services} services) on {nodes} nodes in {placed.TotalSeconds:f3} s, {bytes / tasks} bytes per task; picture built in {built.TotalSeconds:f3} s"));
        }

        return 0;
    }
}

/// <summary>Nodes and tasks to place.</summary>
internal static class PlacementInput
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly IdSource Ids = IdSource.From(new Random(1));

    public static Node Node(int number) => new(new NodeId(Ids.Next()))
    {
        Spec = new NodeSpec(Annotations.Unnamed with { Labels = ValueMap<string, string>.Empty.Set("rack", $"r{number % 40}") }),
        Status = new NodeStatus(NodeState.Ready, "", "10.0.0.1"),
        Description = new NodeDescription($"host{number}", new Platform("x86_64", "linux"), new Resources(64_000_000_000, 1L << 38)),
    };

    public static SwarmTask Task(int number, int services, bool filtered) => new(new TaskId(Ids.Next()), new ServiceId($"service{number % services:d21}"), (number / services) + 1)
    {
        Spec = new TaskSpec
        {
            Container = new ContainerSpec("busybox"),
            Reservations = filtered ? new Resources(100_000_000, 64 << 20) : null,
            Placement = filtered
                ? new Placement { Constraints = ["node.role == worker", "node.platform.os == linux", "node.labels.rack != r7"], SpreadOver = ["node.labels.rack"] }
                : Placement.Anywhere,
        },
        ServiceAnnotations = new Annotations("s"),
        Status = new SwarmTaskStatus(TaskState.Pending, Now),
    };
}
