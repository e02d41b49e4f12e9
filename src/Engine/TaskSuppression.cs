namespace Skep.Engine;

/// <summary>Waiting for the end of work whose outcome is told elsewhere, or of no account.</summary>
internal static class TaskSuppression
{
    /// <summary>Ends when the work has ended, however it ended.</summary>
    public static async Task SuppressThrowingAsync(this Task work) => await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
