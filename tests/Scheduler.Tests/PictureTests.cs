using static Skep.Scheduler.Tests.Things;

namespace Skep.Scheduler.Tests;

public sealed class PictureTests
{
    /// <summary>Whatever happens to nodes and tasks, a picture kept up by events says the same as one made anew.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_picture_kept_up_equals_one_made_anew(int seed)
    {
        var random = new Random(seed);
        var present = new SortedDictionary<string, IStoredObject>(StringComparer.Ordinal);
        ClusterCache picture = new ClusterCache();
        for (int step = 0; step < 3000; step++)
        {
            IStoredObject made = random.Next(10) switch
            {
                0 => Node($"n{random.Next(8)}", random.Next(1, 9)) with { Version = new ObjectVersion((ulong)step) },
                1 => new Network(new NetworkId($"w{random.Next(4)}")) { Spec = new NetworkSpec(new Annotations("")) { Driver = random.Next(2) == 0 ? null : new Driver($"d{random.Next(3)}") } },
                _ => Any(random),
            };
            string key = ObjectRef.Of(made).ToString();
            IStoredObject? old = present.GetValueOrDefault(key);
            bool failed = old is SwarmTask { Status.State: TaskState.Failed or TaskState.Rejected };
            if (old is null || (random.Next(4) > 0 && !failed))
            {
                picture.Apply(old, made);
                present[key] = made;
            }
            else if (!failed)
            {
                picture.Apply(old, null);
                present.Remove(key);
            }

            if (step % 50 == 0)
            {
                Assert.Equal(PictureOf(present.Values).Describe(), picture.Describe());
                Assert.Equal(Placer.Place(PictureOf(present.Values), picture.Pending, Noon).Shares(), Placer.Place(picture, picture.Pending, Noon).Shares());
            }
        }

        Assert.NotEmpty(picture.Pending);
        foreach (IStoredObject stored in present.Values.Where(o => o is not SwarmTask { Status.State: TaskState.Failed or TaskState.Rejected }))
        {
            picture.Apply(stored, null);
        }

        Assert.DoesNotContain("cpu=", picture.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void Placing_leaves_the_picture_as_it_was()
    {
        ClusterCache picture = PictureOf([Node("a"), Node("b"), .. Many(20, spec: Spec(reservations: new Resources(1_000_000_000, 0)))]);
        string before = picture.Describe();

        Placements first = Placer.Place(picture, picture.Pending, Noon);
        Placements second = Placer.Place(picture, picture.Pending, Noon);

        Assert.Equal(before, picture.Describe());
        Assert.Equal([.. first.Placed], second.Placed.ToArray());
        Assert.Equal([.. first.Unplaced], second.Unplaced.ToArray());
    }

    [Fact]
    public void Tasks_that_nobody_wants_any_more_are_not_pending()
    {
        ClusterCache picture = PictureOf([Pending("t1"), Pending("t2") with { DesiredState = TaskState.Remove }, Pending("t3") with { Status = new SwarmTaskStatus(TaskState.New, Noon) }]);

        Assert.Equal("t1", Assert.Single(picture.Pending).Id.Value);
    }

    [Fact]
    public void Failures_outlive_the_tasks_that_the_reaper_removes()
    {
        ClusterCache picture = PictureOf([Node("a"), Node("b"), .. Many(3)]);
        for (int i = 0; i < 5; i++)
        {
            SwarmTask failed = Failed($"f{i}", "a", Noon.AddMinutes(-1));
            picture.Apply(null, failed);
            picture.Apply(failed, null);
        }

        Assert.Equal("b3", Placer.Place(picture, picture.Pending, Noon).Shares());
    }

    private static SwarmTask Any(Random random)
    {
        TaskState[] states = [TaskState.New, TaskState.Pending, TaskState.Assigned, TaskState.Running, TaskState.Running, TaskState.Complete, TaskState.Failed, TaskState.Shutdown];
        TaskState state = states[random.Next(states.Length)];
        string id = $"t{random.Next(200)}";

        // A task's spec, service and slot never change; so they follow from its id.
        int fixedBy = int.Parse(id[1..], System.Globalization.CultureInfo.InvariantCulture);
        TaskSpec spec = fixedBy % 2 == 0 ? Spec() : Spec(reservations: new Resources(fixedBy * 1000, fixedBy) { Generic = fixedBy % 3 == 0 ? [new GenericResource("gpu", 1, null)] : [] });
        SwarmTask task = Pending(id, $"s{fixedBy % 5}", fixedBy % 3, spec) with
        {
            Status = new SwarmTaskStatus(state, Noon),
            DesiredState = random.Next(4) == 0 ? TaskState.Shutdown : TaskState.Running,
            Node = state < TaskState.Assigned ? null : new NodeId($"n{random.Next(10)}"),
        };
        return fixedBy % 7 == 0 ? task.OnHostPort(fixedBy) : task;
    }
}
