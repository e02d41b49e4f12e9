namespace Skep.Cli.Why;

/// <summary>One thing that keeps a service from what was asked of it.</summary>
/// <param name="What">What happened, as a sentence.</param>
/// <param name="Details">What was seen, a line each.</param>
/// <param name="Next">What to do about it.</param>
internal sealed record Finding(string What, IReadOnlyList<string> Details, IReadOnlyList<string> Next);
