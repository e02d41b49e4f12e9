using System.Diagnostics;

namespace Skep.Overlay.Tests.Kernel;

/// <summary>Waiting for the kernel, with an end.</summary>
internal static class Limits
{
    public static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        long started = Stopwatch.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5), $"not in time: {what}");
            await pace.WaitForNextTickAsync();
        }
    }
}
