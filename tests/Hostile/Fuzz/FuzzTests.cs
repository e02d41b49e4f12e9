using System.Globalization;

namespace Skep.Hostile.Fuzz;

/// <summary>No input can do more than be refused. SKEP_FUZZ=10000000 runs each target that often, SKEP_FUZZ_FIRST begins elsewhere, SKEP_FUZZ_ONLY names one.</summary>
public sealed class FuzzTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const long Executions = 2_000;

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Bad_input_is_refused(string name)
    {
        if (Environment.GetEnvironmentVariable("SKEP_FUZZ_ONLY") is { Length: > 0 } only && only != name)
        {
            return;
        }

        long executions = long.Parse(Environment.GetEnvironmentVariable("SKEP_FUZZ") ?? Executions.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        int first = int.Parse(Environment.GetEnvironmentVariable("SKEP_FUZZ_FIRST") ?? "1", CultureInfo.InvariantCulture);
        FuzzTargets.All.Single(t => t.Name == name).Run(first, executions);
        output.WriteLine($"{name}: {executions} executions");
    }
}
