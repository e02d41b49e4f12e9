namespace Skep.Engine.Containerd;

/// <summary>How a process of a container ended.</summary>
/// <param name="Code">128 + signal for killed ones.</param>
internal readonly record struct ProcessExit(int Code, DateTimeOffset At)
{
    /// <summary>The code given when containerd no longer knows what became of a process.</summary>
    public const int Unknown = 255;
}

/// <summary>Names a process: process 1 of a container (empty exec id), or one started in it later.</summary>
internal readonly record struct ProcessKey(string Container, string Exec)
{
    public static ProcessKey Main(string container) => new(container, "");
}
