using System.Diagnostics;

namespace Skep.Bench.Consensus.Members;

/// <summary>Clients that write one command after the other, at the member they are in.</summary>
internal sealed class Load(IEngine engine, int clients, int writes)
{
    private readonly double[] _milliseconds = new double[writes];
    private int _next = -1;
    private int _failed;
    private string? _failure;

    public async Task<LoadResult> RunAsync()
    {
        long allocated = GC.GetTotalAllocatedBytes();
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => ClientAsync(client))));
        double seconds = watch.Elapsed.TotalSeconds;
        double allocatedEach = (GC.GetTotalAllocatedBytes() - allocated) / (double)writes;
        Array.Sort(_milliseconds);
        return new LoadResult(writes / seconds, _milliseconds[writes / 2], _milliseconds[(int)(writes * 0.99)], allocatedEach, _failed, _failure);
    }

    private async Task ClientAsync(int seed)
    {
        byte[] command = Command.Create(seed);
        for (int i; (i = Interlocked.Increment(ref _next)) < writes;)
        {
            long started = Stopwatch.GetTimestamp();
            try
            {
                await engine.ProposeAsync(command);
            }
            catch (Exception e)
            {
                _failure ??= $"{e.GetType().Name}: {e.Message}";
                Interlocked.Increment(ref _failed);
            }

            _milliseconds[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }
    }
}
