namespace Skep.Engine.Containers;

/// <summary>Whether and when an ended container starts again. Pure.</summary>
/// <remarks>Source: docs.docker.com, "Start containers automatically": the pause doubles from 100 ms up to a minute, and begins anew after 10 s of life.</remarks>
internal static class RestartDecision
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongLife = TimeSpan.FromSeconds(10);

    /// <param name="restarts">How often the policy has started it since a user did.</param>
    public static bool IsDue(StandaloneRestart policy, int exitCode, int restarts, bool wasStopped) => !wasStopped && policy.Kind switch
    {
        RestartKind.No => false,
        RestartKind.OnFailure => exitCode != 0 && (policy.MaximumRetries == 0 || restarts < policy.MaximumRetries),
        RestartKind.Always or RestartKind.UnlessStopped => true,
    };

    /// <summary>Whether a daemon that begins starts a container it finds ended: <c>always</c> means also one that a user stopped.</summary>
    public static bool IsDueAtBoot(StandaloneRestart policy, int exitCode, int restarts, bool wasStopped)
        => policy.Kind == RestartKind.Always || IsDue(policy, exitCode, restarts, wasStopped);

    /// <param name="before">The last pause; zero at first.</param>
    /// <param name="lived">How long the container ran.</param>
    public static TimeSpan Pause(TimeSpan before, TimeSpan lived)
        => before == TimeSpan.Zero || lived >= LongLife ? FirstPause : Backoff.Next(before, LongestPause);
}
