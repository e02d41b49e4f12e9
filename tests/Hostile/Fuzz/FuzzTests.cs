namespace Skep.Hostile.Fuzz;

/// <summary>No input can do more than be refused. By hand: <see cref="FuzzSettings"/>.</summary>
public sealed class FuzzTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const long Executions = 2_000;

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(t => t.Name).Where(FuzzSettings.IsAsked)];

    [FuzzTheory]
    [MemberData(nameof(Targets))]
    public void Bad_input_is_refused(string name)
    {
        long executions = FuzzSettings.Executions(Executions);
        FuzzTargets.All.Single(t => t.Name == name).Run(FuzzSettings.First, executions);
        output.WriteLine($"{name}: {executions} executions");
    }
}
