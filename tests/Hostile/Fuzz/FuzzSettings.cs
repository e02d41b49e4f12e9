using System.Globalization;

namespace Skep.Hostile.Fuzz;

/// <summary>How far a run by hand goes: SKEP_FUZZ=10000000 runs each target that often, SKEP_FUZZ_FIRST begins at other random numbers, SKEP_FUZZ_ONLY names one target.</summary>
internal static class FuzzSettings
{
    public static int First { get; } = int.Parse(Environment.GetEnvironmentVariable("SKEP_FUZZ_FIRST") ?? "1", CultureInfo.InvariantCulture);

    private static readonly string Only = Environment.GetEnvironmentVariable("SKEP_FUZZ_ONLY") ?? "";

    public static bool IsAsked(string target) => Only.Length == 0 || Only == target;

    /// <param name="usual">When nobody says.</param>
    public static long Executions(long usual) => Environment.GetEnvironmentVariable("SKEP_FUZZ") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : usual;
}

/// <summary>Skipped, and said to be, when another target was asked for.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FuzzFactAttribute : FactAttribute
{
    public FuzzFactAttribute(string target)
    {
        Target = target;
        if (!FuzzSettings.IsAsked(target))
        {
            Skip = "SKEP_FUZZ_ONLY names another target";
        }
    }

    public string Target { get; }
}

/// <inheritdoc cref="FuzzFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FuzzTheoryAttribute : TheoryAttribute
{
    public FuzzTheoryAttribute()
    {
        if (!FuzzTargets.All.Any(t => FuzzSettings.IsAsked(t.Name)))
        {
            Skip = "SKEP_FUZZ_ONLY names none of these targets";
        }
    }
}
