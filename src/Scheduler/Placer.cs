using System.Collections.Immutable;
using Skep.Scheduler.Filters;

namespace Skep.Scheduler;

/// <summary>A node was found, or the one a global task was made for will have it.</summary>
public sealed record PlacedTask(SwarmTask Task, NodeId Node);

/// <param name="Reason">For the task's error: <c>no suitable node (insufficient resources on 2 nodes)</c>.</param>
public sealed record UnplacedTask(SwarmTask Task, string Reason);

/// <summary>What became of the pending tasks; each is in one of the two.</summary>
public sealed record Placements(ImmutableArray<PlacedTask> Placed, ImmutableArray<UnplacedTask> Unplaced);

/// <summary>Chooses nodes for tasks. The same picture, tasks and moment always give the same placements.</summary>
/// <remarks>
/// Tasks of one service and spec version are placed as one group: every node is looked at once per group, not once per task.
/// Groups go in the order in which their first task was stored. Global tasks, whose node is given, go before all others.
/// </remarks>
public static class Placer
{
    /// <param name="picture">Not changed, save that failures too old to matter at <paramref name="now"/> are forgotten.</param>
    /// <param name="pending">Usually <see cref="ClusterCache.Pending"/>.</param>
    /// <param name="now">Says which failures are recent.</param>
    public static Placements Place(ClusterCache picture, IEnumerable<SwarmTask> pending, DateTimeOffset now)
    {
        picture.Failures.Forget(now);
        ILookup<bool, SwarmTask> tasks = pending.ToLookup(t => t.Node is not null);
        PlacementSnapshot board = new PlacementSnapshot(picture);
        ImmutableArray<PlacedTask>.Builder placed = ImmutableArray.CreateBuilder<PlacedTask>();
        ImmutableArray<UnplacedTask>.Builder unplaced = ImmutableArray.CreateBuilder<UnplacedTask>();
        foreach (TaskGroup group in GroupsOf(tasks[true], picture))
        {
            CheckGroup(group, board, now, placed, unplaced);
        }

        var tree = new SpreadTree(board);
        foreach (TaskGroup group in GroupsOf(tasks[false], picture))
        {
            PlaceGroup(group, board, tree, now, placed, unplaced);
        }

        return new Placements(placed.DrainToImmutable(), unplaced.DrainToImmutable());
    }

    private static void PlaceGroup(
        TaskGroup group, PlacementSnapshot board, SpreadTree tree, DateTimeOffset now, ImmutableArray<PlacedTask>.Builder placed, ImmutableArray<UnplacedTask>.Builder unplaced)
    {
        board.Begin(group, now);
        var filters = new FilterPipeline(group);
        tree.Grow(group, filters);
        int done = 0;
        for (; done < group.Tasks.Count && tree.Next() is >= 0 and int node; done++)
        {
            board.Assign(group, node);
            placed.Add(new PlacedTask(group.Tasks[done], board.Loads[node].Id));
        }

        if (done < group.Tasks.Count)
        {
            string why = filters.Explain(board, Enumerable.Range(0, board.Count));
            string reason = why.Length == 0 ? "no suitable node" : $"no suitable node ({why})";
            for (; done < group.Tasks.Count; done++)
            {
                unplaced.Add(new UnplacedTask(group.Tasks[done], reason));
            }
        }
    }

    private static void CheckGroup(
        TaskGroup group, PlacementSnapshot board, DateTimeOffset now, ImmutableArray<PlacedTask>.Builder placed, ImmutableArray<UnplacedTask>.Builder unplaced)
    {
        board.Begin(group, now);
        var filters = new FilterPipeline(group);
        foreach (SwarmTask task in group.Tasks)
        {
            if (board.PositionOf(task.Node!.Value) is not { } node)
            {
                unplaced.Add(new UnplacedTask(task, "its node does not exist"));
            }
            else if (filters.Room(board, node) == 0)
            {
                unplaced.Add(new UnplacedTask(task, filters.Explain(board, [node])));
            }
            else
            {
                board.Assign(group, node);
                placed.Add(new PlacedTask(task, task.Node!.Value));
            }
        }
    }

    private static IEnumerable<TaskGroup> GroupsOf(IEnumerable<SwarmTask> tasks, ClusterCache picture)
        => tasks.GroupBy(t => (t.ServiceId, t.SpecVersion, Ports: HostPortsOf(t)))
            .OrderBy(g => g.Min(t => t.Version)).ThenBy(g => g.Key.ServiceId).ThenBy(g => g.Key.SpecVersion).ThenBy(g => g.Key.Ports, StringComparer.Ordinal)
            .Select(g => new TaskGroup([.. g.OrderBy(t => t.Slot).ThenBy(t => t.Id)], picture));

    private static string HostPortsOf(SwarmTask task) => task.Endpoint is null ? "" : string.Join(',', HostPort.Of(task));
}
