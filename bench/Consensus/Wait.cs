using System.Diagnostics;

namespace Skep.Bench.Consensus;

/// <summary>Waiting has a limit and says what it waited for.</summary>
internal static class Wait
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Asks again and again until there is an answer.</summary>
    public static async Task<T> ForAsync<T>(Func<Task<T?>> ask, string what, TimeSpan limit, CancellationToken ct)
        where T : class
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (await ask() is { } answer)
            {
                return answer;
            }

            if (watch.Elapsed > limit)
            {
                throw new TimeoutException($"waited {limit.TotalSeconds:0} s for {what}");
            }

            await Task.Delay(Pause, ct);
        }
    }

    public static async Task<T> AtMostAsync<T>(Task<T> task, string what, TimeSpan limit, CancellationToken ct)
    {
        try
        {
            return await task.WaitAsync(limit, ct);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"waited {limit.TotalSeconds:0} s for {what}", e);
        }
    }
}
