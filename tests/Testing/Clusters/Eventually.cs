using System.Diagnostics;

namespace Skep.Testing.Clusters;

/// <summary>Waits for what real machines do in their own time; every wait has a limit and says what was missing.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <param name="describe">Asked once the limit has passed: what was missing.</param>
    /// <exception cref="TimeoutException">The condition did not hold in time. Errors of the last attempt are inside.</exception>
    public static Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> describe)
        => BecomesAsync(async () => await condition().ConfigureAwait(false) ? null : describe(), limit);

    /// <param name="missing">Null when all is there; else what is missing.</param>
    /// <exception cref="TimeoutException">Something was still missing, which is said.</exception>
    public static async Task BecomesAsync(Func<Task<string?>> missing, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        using var pause = new PeriodicTimer(Pause);
        while (true)
        {
            string? lack;
            Exception? failure = null;
            try
            {
                lack = await missing().ConfigureAwait(false);
                if (lack is null)
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or CommandFailedException or OperationCanceledException)
            {
                // A node that is down or has no leader: asked again until the limit.
                (lack, failure) = (e.Message, e);
            }

            if (watch.Elapsed > limit)
            {
                throw new TimeoutException($"waited {limit.TotalSeconds:0} s: {lack}", failure);
            }

            await pause.WaitForNextTickAsync().ConfigureAwait(false);
        }
    }

    public static Task EqualAsync<T>(T wanted, Func<Task<T>> actual, TimeSpan limit, string what)
        => BecomesAsync(
            async () =>
            {
                T value = await actual().ConfigureAwait(false);
                return EqualityComparer<T>.Default.Equals(value, wanted) ? null : $"{what}: wanted {wanted}, is {value}";
            },
            limit);
}
