using Microsoft.Extensions.Logging;

namespace Skep.Host.Node;

/// <summary>Work that lasts as long as the node's place in a cluster. One that fails is begun again, so that a manager whose disk was full for a minute comes back by itself.</summary>
internal sealed class SupervisedTask : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(32);

    private readonly CancellationTokenSource _stop;
    private readonly Task _running;
    private volatile string _error = "";

    /// <param name="daemon">Ends it too, when the daemon ends.</param>
    public SupervisedTask(Func<CancellationToken, Task> run, TimeProvider time, ILogger logger, CancellationToken daemon)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(daemon);
        _running = RunAsync(run, time, logger, _stop.Token);
    }

    /// <summary>Why it failed, while it waits to begin again; else empty.</summary>
    public string Error => _error;

    /// <summary>Ends it, and returns when it has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> run, TimeProvider time, ILogger logger, CancellationToken ct)
    {
        TimeSpan pause = FirstPause;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await run(ct).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _error = e.Message;
                if (e is ClusterException { Kind: not ErrorKind.Internal })
                {
                    logger.MembershipRefused(e.Message); // It says what is wrong; where in the code it was found helps nobody.
                }
                else
                {
                    logger.MembershipFailed(e, e.Message);
                }
            }

            await Task.Delay(pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause < LongestPause ? pause * 2 : pause;
            _error = "";
        }
    }
}
