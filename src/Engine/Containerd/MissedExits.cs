using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>Ends of processes that no event told, for the events had broken off: asks for each process that somebody waits for.</summary>
/// <remarks>Each is asked for by itself: one whose shim does not answer hides no other's end.</remarks>
/// <param name="stateOf">Null: there is no such process (any more).</param>
internal sealed class MissedExits(ExitCache exits, Func<ProcessKey, CancellationToken, Task<Cd.ProcessState?>> stateOf, TimeProvider time, ILogger logger)
{
    private const int AskedAtOnce = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Looks whether a process has ended already, or is unknown.</summary>
    /// <exception cref="RpcException">containerd cannot say.</exception>
    public async Task CheckAsync(ProcessKey key, CancellationToken ct)
    {
        Cd.ProcessState? state = await stateOf(key, ct);
        if (state is null)
        {
            exits.Record(key, new ProcessExit(ProcessExit.Unknown, time.GetUtcNow()));
        }
        else if (state.Status == Cd.ProcessStatus.Stopped)
        {
            exits.Record(key, new ProcessExit((int)state.ExitStatus, state.ExitedAt?.ToDateTimeOffset() ?? time.GetUtcNow()));
        }
    }

    /// <summary>Asks for every process once.</summary>
    /// <returns>Those that containerd could not say anything of.</returns>
    public async Task<IReadOnlyCollection<ProcessKey>> CheckAllAsync(CancellationToken ct)
    {
        var silent = new ConcurrentQueue<ProcessKey>();
        await Parallel.ForEachAsync(exits.Awaited, new ParallelOptions { MaxDegreeOfParallelism = AskedAtOnce, CancellationToken = ct }, async (key, stop) =>
        {
            if (await FailureAsync(key, stop) is { } failure)
            {
                EngineLog.ExitUnknown(logger, key.Container, failure);
                silent.Enqueue(key);
            }
        });
        return silent;
    }

    /// <summary>Asks for some again, ever more slowly, until all have answered or nobody waits for them any more.</summary>
    public async Task RetryAsync(IReadOnlyCollection<ProcessKey> silent, CancellationToken ct)
    {
        TimeSpan pause = FirstPause;
        while (silent.Count > 0)
        {
            await Task.Delay(pause, time, ct);
            pause = Backoff.Next(pause, LongestPause);
            var left = new List<ProcessKey>();
            foreach (ProcessKey key in silent.Intersect(exits.Awaited))
            {
                if (await FailureAsync(key, ct) is not null)
                {
                    left.Add(key);
                }
            }

            silent = left;
        }
    }

    /// <returns>Null: it was answered.</returns>
    private async Task<string?> FailureAsync(ProcessKey key, CancellationToken ct)
    {
        try
        {
            await CheckAsync(key, ct);
            return null;
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            return e.Status.Detail;
        }
    }
}
