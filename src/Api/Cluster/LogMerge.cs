using System.Threading.Channels;
using Skep.Manager.Control;

namespace Skep.Api.Cluster;

/// <param name="IsLast">True when no other line is at hand.</param>
internal readonly record struct MergedLine(SwarmTask Task, TaskLogLine Line, bool IsLast);

/// <summary>Lines of many tasks in one stream, oldest first.</summary>
/// <remarks>
/// A line goes out once every open source has shown a later one. When following, sources may be silent for ever, so a line waits for the others at most
/// <see cref="Patience"/>: what arrives later than that comes out of order rather than not at all.
/// Everything but the pumps belongs to the one loop that calls <see cref="NextAsync"/>.
/// </remarks>
internal sealed class LogMerge(TimeProvider time, bool isFollowing, Func<SwarmTask, IAsyncEnumerable<TaskLogLine>> open)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    // A source that has run far ahead of a silent one is let out after this many lines.
    private const int MaxHeld = 10_000;

    // Bounded and waiting: a client that reads slowly slows the nodes down, nothing is dropped.
    private readonly Channel<Arrival> _arrivals = Channel.CreateBounded<Arrival>(new BoundedChannelOptions(256) { SingleReader = true });
    private readonly PriorityQueue<(SwarmTask Task, TaskLogLine Line, long Arrived), (DateTimeOffset Time, long Order)> _held = new();
    private readonly Dictionary<TaskId, Source> _sources = [];
    private readonly List<Task> _pumps = [];
    private long _order;

    // Sources that have not ended, and those of them with no line waiting here.
    private int _open;
    private int _silent;
    private bool _mayGrow;

    /// <summary>What could not be read, one sentence each.</summary>
    public List<string> Failures { get; } = [];

    public void Add(SwarmTask task, CancellationToken ct)
    {
        if (_sources.TryAdd(task.Id, new Source()))
        {
            _open++;
            _silent++;
            _pumps.Add(PumpAsync(task, ct));
        }
    }

    /// <summary>Adds tasks as they come to be; the stream does not end before this does.</summary>
    public void AddLater(IAsyncEnumerable<SwarmTask> tasks, CancellationToken ct)
    {
        _mayGrow = true;
        _pumps.Add(DiscoverAsync(tasks, ct));
    }

    /// <summary>The next line; null when all have ended.</summary>
    public async Task<MergedLine?> NextAsync(CancellationToken ct)
    {
        while (true)
        {
            while (_arrivals.Reader.TryRead(out Arrival arrival))
            {
                Take(arrival, ct);
            }

            if (_held.Count > 0 && (_silent == 0 || _held.Count > MaxHeld))
            {
                return Pop();
            }

            if (_held.Count == 0 && _open == 0 && !_mayGrow)
            {
                return null;
            }

            if (_held.Count == 0 || !isFollowing)
            {
                await _arrivals.Reader.WaitToReadAsync(ct);
                continue;
            }

            TimeSpan left = Patience - time.GetElapsedTime(_held.Peek().Arrived);
            if (left <= TimeSpan.Zero || !await ArrivesWithinAsync(left, ct))
            {
                return Pop();
            }
        }
    }

    /// <summary>Waits for the pumps to end; call after cancelling them.</summary>
    public Task StopAsync()
    {
        // One that waits for room must not wait for a reader that is gone.
        _arrivals.Writer.TryComplete();
        return Task.WhenAll(_pumps);
    }

    private void Take(Arrival arrival, CancellationToken ct)
    {
        if (arrival is { What: ArrivalKind.Discovered, Task: { } discovered })
        {
            Add(discovered, ct);
            return;
        }

        if (arrival.What == ArrivalKind.AllDiscovered)
        {
            _mayGrow = false;
            return;
        }

        Source source = _sources[arrival.Task!.Id];
        if (arrival.Line is { } line)
        {
            _held.Enqueue((arrival.Task, line, time.GetTimestamp()), (line.Time, _order++));
            _silent -= source.Held++ == 0 ? 1 : 0;
            return;
        }

        source.HasEnded = true;
        _open--;
        _silent -= source.Held == 0 ? 1 : 0;
        if (arrival.Failure is { } failure)
        {
            Failures.Add(failure);
        }
    }

    private MergedLine Pop()
    {
        (SwarmTask task, TaskLogLine line, _) = _held.Dequeue();
        Source source = _sources[task.Id];
        _silent += --source.Held == 0 && !source.HasEnded ? 1 : 0;
        return new MergedLine(task, line, _held.Count == 0);
    }

    private async Task<bool> ArrivesWithinAsync(TimeSpan limit, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(limit, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            return await _arrivals.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task PumpAsync(SwarmTask task, CancellationToken ct)
    {
        try
        {
            string? failure = null;
            try
            {
                await foreach (TaskLogLine line in open(task).WithCancellation(ct))
                {
                    await _arrivals.Writer.WriteAsync(new Arrival(ArrivalKind.Line, task, line, null), ct);
                }
            }
            catch (ClusterException failed)
            {
                // What a node has cleaned up is not missing: there is nothing to show and nothing wrong.
                failure = failed.Kind == ErrorKind.NotFound ? null : $"task {task.Id} on node {task.Node}: {failed.Message}";
            }

            await _arrivals.Writer.WriteAsync(new Arrival(ArrivalKind.End, task, null, failure), ct);
        }
        catch (Exception ended) when (ended is OperationCanceledException or ChannelClosedException)
        {
            // Nobody reads any more.
        }
    }

    private async Task DiscoverAsync(IAsyncEnumerable<SwarmTask> tasks, CancellationToken ct)
    {
        try
        {
            await foreach (SwarmTask task in tasks.WithCancellation(ct))
            {
                await _arrivals.Writer.WriteAsync(new Arrival(ArrivalKind.Discovered, task, null, null), ct);
            }

            await _arrivals.Writer.WriteAsync(new Arrival(ArrivalKind.AllDiscovered, null, null, null), ct);
        }
        catch (Exception ended) when (ended is OperationCanceledException or ChannelClosedException)
        {
            // Nobody reads any more.
        }
    }

    private enum ArrivalKind
    {
        Line,
        End,
        Discovered,
        AllDiscovered,
    }

    private readonly record struct Arrival(ArrivalKind What, SwarmTask? Task, TaskLogLine? Line, string? Failure);

    private sealed class Source
    {
        public int Held { get; set; }

        public bool HasEnded { get; set; }
    }
}
