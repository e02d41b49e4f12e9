namespace Skep.Overlay;

/// <summary>The resident program that answers the tasks' questions for names while skepd is away (ADR 0011).</summary>
/// <param name="Program">File to start. It has to call <see cref="NamesProgram.Run"/> with the socket it is told.</param>
/// <param name="Arguments">Words before the socket's path.</param>
public sealed record NamesOptions(string Program, ValueList<string> Arguments)
{
    /// <summary>How long the program may take to answer before it counts as hung, is killed and started anew.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one that holds no task's sockets stays.</summary>
    public static TimeSpan Idle => TimeSpan.FromSeconds(10);
}
