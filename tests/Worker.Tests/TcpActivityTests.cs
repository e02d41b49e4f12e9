using Skep.Testing;
using Skep.Worker.Tasks;

namespace Skep.Worker.Tests;

public sealed class TcpActivityTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(250), Limit = TimeSpan.FromSeconds(3);

    [Fact]
    public void Counters_are_found_by_their_names()
        => Assert.Equal(
            new TcpActivity(1010, 7),
            TcpActivity.Parse(["Ip: Forwarding DefaultTTL", "Ip: 2 64", "Tcp: RtoAlgorithm MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab", "Tcp: 1 -1 1119 1010 40 148 7"]));

    [Fact]
    public void Text_of_another_shape_says_nothing() => Assert.Null(TcpActivity.Parse(["Tcp: PassiveOpens CurrEstab", "Tcp: 5"]));

    [Fact]
    public void A_quiet_task_is_stopped_after_one_window() => Assert.Equal(1, WindowsUntilQuiet([new(5, 0)]));

    [Fact]
    public void A_task_with_open_connections_is_given_four_quiet_windows() => Assert.Equal(4, WindowsUntilQuiet([new(5, 2)]));

    [Fact]
    public void A_task_that_is_still_sent_connections_waits_until_they_end() => Assert.Equal(4, WindowsUntilQuiet([new(5, 2), new(6, 3), new(7, 3), new(7, 0), new(7, 0)]));

    [Fact]
    public void A_task_that_is_never_quiet_waits_no_longer_than_the_limit()
        => Assert.Equal(12, WindowsUntilQuiet([.. Enumerable.Range(0, 100).Select(i => new TcpActivity(i, 0))]));

    [Fact]
    public void A_task_whose_process_is_gone_is_not_waited_for() => Assert.Equal(1, WindowsUntilQuiet([new(5, 2), null]));

    /// <summary>How many windows pass; the last reading stays.</summary>
    private static int WindowsUntilQuiet(TcpActivity?[] readings)
    {
        var time = new ManualTimeProvider();
        int read = 0, windows = 0;
        Task quiet = TcpActivity.WaitUntilQuietAsync(() => readings[Math.Min(read++, readings.Length - 1)], Window, Limit, time, CancellationToken.None);
        while (!quiet.IsCompleted)
        {
            time.Advance(Window);
            windows++;
        }

        return windows;
    }
}
