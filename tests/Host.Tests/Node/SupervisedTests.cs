using Microsoft.Extensions.Logging.Abstractions;
using Skep.Host.Node;
using Skep.Testing;

namespace Skep.Host.Tests.Node;

/// <summary>What a node does in a cluster goes on after a failure, and ends with its place there.</summary>
public sealed class SupervisedTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_failure_is_told_until_the_work_begins_again()
    {
        var time = new ManualTimeProvider();
        var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int begun = 0;
        await using SupervisedTask work = new SupervisedTask(
            ct =>
            {
                if (++begun == 1)
                {
                    throw new IOException("no space left on device");
                }

                again.SetResult();
                return UntilCancelled(ct);
            },
            time,
            NullLogger.Instance,
            CancellationToken.None);

        Assert.Equal("no space left on device", work.Error);
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal((1, "no space left on device"), (begun, work.Error));
        time.Advance(TimeSpan.FromMilliseconds(1));
        await again.Task.WaitAsync(Limit);
        Assert.Equal("", work.Error);
    }

    [Fact]
    public async Task Ending_it_waits_for_the_work_to_end()
    {
        bool ended = false;
        SupervisedTask work = new SupervisedTask(
            async ct =>
            {
                try
                {
                    await UntilCancelled(ct);
                }
                finally
                {
                    await Task.Yield();
                    ended = true;
                }
            },
            new ManualTimeProvider(),
            NullLogger.Instance,
            CancellationToken.None);
        await work.DisposeAsync();
        Assert.True(ended);
        Assert.Equal("", work.Error);
    }

    private static Task UntilCancelled(CancellationToken ct) => new TaskCompletionSource().Task.WaitAsync(ct);
}
