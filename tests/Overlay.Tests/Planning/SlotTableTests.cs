using Skep.Overlay.Planning;

namespace Skep.Overlay.Tests.Planning;

public sealed class SlotTableTests
{
    [Fact]
    public void Removing_one_moves_only_the_last_into_its_slot() =>
        Assert.Equal(["a", "d", "c"], SlotTable.Assign(["a", "b", "c", "d"], ["a", "c", "d"]));

    [Fact]
    public void New_ones_go_behind_and_into_holes() =>
        Assert.Equal(["a", "x", "c", "y"], SlotTable.Assign(["a", "b", "c"], ["y", "x", "c", "a"]).Select(s => s == "y" ? "x" : s == "x" ? "y" : s));

    [Fact]
    public void Weights_are_repeated_slots() =>
        Assert.Equal(["a", "b", "a"], SlotTable.Assign(["a", "b"], ["a", "a", "b"]));

    [Fact]
    public void Slots_stay_dense_and_few_move_whatever_happens()
    {
        var random = new Random(11);
        List<string> present = [];
        for (int step = 0; step < 2_000; step++)
        {
            List<string> desired = [.. Enumerable.Range(0, 12).Where(_ => random.Next(3) > 0).Select(i => $"b{i}")];
            List<string> next = SlotTable.Assign(present, desired);
            Assert.Equal(desired.Order(StringComparer.Ordinal), next.Order(StringComparer.Ordinal));
            int stayed = Enumerable.Range(0, Math.Min(present.Count, next.Count)).Count(i => present[i] == next[i]);
            int couldStay = present.Take(next.Count).Count(desired.Contains);
            Assert.Equal(couldStay, stayed);
            present = next;
        }
    }
}
