using static Skep.Scheduler.Tests.Things;

namespace Skep.Scheduler.Tests;

public sealed class PlacerPropertyTests
{
    /// <summary>Random clusters and specs: a whole group goes exactly where its tasks would go one after the other, each seeing those before it.</summary>
    [Fact]
    public void A_group_is_placed_as_its_tasks_would_be_one_by_one()
    {
        int unplaced = 0;
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            List<IStoredObject> cluster = [.. Enumerable.Range(0, random.Next(1, 12)).Select(i => AnyNode(i, random))];
            TaskSpec spec = AnySpec(random);
            cluster.AddRange(Enumerable.Range(0, random.Next(30)).Select(i => Running($"r{i:d2}", $"n{random.Next(12):d2}", random.Next(2) == 0 ? "s" : "other", random.Next(2) == 0 ? spec : Spec())));
            cluster.AddRange(Enumerable.Range(0, random.Next(12)).Select(i => Failed($"f{i:d2}", $"n{random.Next(2):d2}", Noon.AddSeconds(-i))));
            SwarmTask[] tasks = [.. Many(random.Next(1, 25), spec: spec).Select(t => seed % 5 == 0 ? t.OnHostPort(80) : t)];

            Placements together = Place(cluster, tasks);

            var oneByOne = new List<(TaskId, NodeId)>();
            foreach (SwarmTask task in tasks)
            {
                Placements one = Place(cluster, [task]);
                if (one.Placed is [PlacedTask placed])
                {
                    oneByOne.Add((task.Id, placed.Node));
                    cluster.Add(task with { Node = placed.Node, Status = new SwarmTaskStatus(TaskState.Assigned, Noon) });
                }
                else
                {
                    unplaced++;
                    Assert.Equal(together.Unplaced[0].Reason, one.Unplaced[0].Reason);
                }
            }

            Assert.Equal(oneByOne, together.Placed.Select(p => (p.Task.Id, p.Node)));
            Assert.Equal(tasks.Length, together.Placed.Length + together.Unplaced.Length);
        }

        Assert.True(unplaced > 50);
    }

    [Fact]
    public void No_node_is_ever_given_more_than_it_has()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            Node[] nodes = [.. Enumerable.Range(0, random.Next(1, 8)).Select(i => Node($"n{i}", random.Next(1, 6), random.Next(1, 6) << 20))];
            SwarmTask[] tasks = [.. Enumerable.Range(0, 6).SelectMany(s => Many(random.Next(1, 20), $"s{s}", Spec(reservations: new Resources(random.Next(1, 9) * 250_000_000, random.Next(1, 9) << 18))))];

            Placements placements = Place(nodes, tasks);

            foreach (IGrouping<NodeId, PlacedTask> taken in placements.Placed.GroupBy(p => p.Node))
            {
                Resources has = nodes.Single(n => n.Id == taken.Key).Description!.Resources;
                Assert.True(taken.Sum(p => p.Task.Spec.Reservations!.NanoCpus) <= has.NanoCpus);
                Assert.True(taken.Sum(p => p.Task.Spec.Reservations!.MemoryBytes) <= has.MemoryBytes);
            }

            Assert.Equal(tasks.Length, placements.Placed.Select(p => p.Task.Id).Union(placements.Unplaced.Select(u => u.Task.Id)).Count());
        }
    }

    private static Node AnyNode(int number, Random random)
    {
        Node node = Node($"n{number:d2}", random.Next(1, 8), labels: [("rack", $"{random.Next(3)}"), ("dc", $"{random.Next(2)}")]);
        return random.Next(6) == 0 ? node with { Spec = node.Spec with { Availability = NodeAvailability.Pause } } : node;
    }

    private static TaskSpec AnySpec(Random random) => Spec(
        new Placement
        {
            SpreadOver = random.Next(3) switch { 0 => [], 1 => ["node.labels.rack"], _ => ["node.labels.dc", "node.labels.rack"] },
            MaxReplicasPerNode = (ulong)(random.Next(3) == 0 ? random.Next(1, 4) : 0),
            Constraints = random.Next(3) == 0 ? ["node.labels.rack != 1"] : [],
        },
        random.Next(2) == 0 ? new Resources(random.Next(1, 5) * 400_000_000, 0) : null);
}
