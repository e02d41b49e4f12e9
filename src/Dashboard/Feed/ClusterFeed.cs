using System.Text.Json;
using System.Threading.Channels;
using Skep.Dashboard.Engine;

namespace Skep.Dashboard.Feed;

/// <summary>Watches the engine while somebody looks: its events at once, and in short intervals what has none (Docker tells nothing of tasks). While nobody looks it asks for nothing.</summary>
internal sealed class ClusterFeed(EngineEndpoint engine, TimeProvider time)
{
    private const int EventsKept = 100;
    private const string Reading = "reading the cluster…";
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EventsBefore = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan StatsEvery = TimeSpan.FromSeconds(3);
    private readonly Lock _lock = new();
    private readonly List<Channel<string>> _pages = [];
    private readonly ClusterState _picture = new();
    private readonly UsageHistory _usage = new();
    private readonly Queue<string> _events = new();
    private readonly Channel<bool> _nudges = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Channel<bool> _arrivals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private string? _trouble = Reading;

    /// <summary>Something may have changed: look at everything now.</summary>
    public void Nudge() => _nudges.Writer.TryWrite(true);

    /// <summary>A page comes; it is told everything, then what changes. A page that does not read is dropped and comes again.</summary>
    public ChannelReader<string> Join(out Action leave)
    {
        var page = Channel.CreateBounded<string>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.Wait });
        lock (_lock)
        {
            if (_pages.Count == 0)
            {
                _trouble = Reading; // The picture is of when somebody looked last.
            }

            page.Writer.TryWrite(_picture.Whole());
            page.Writer.TryWrite($"{{\"events\":[{string.Join(',', _events)}]}}");
            page.Writer.TryWrite(_usage.Whole());
            page.Writer.TryWrite(TroubleMessage());
            _pages.Add(page);
        }

        _arrivals.Writer.TryWrite(true);
        Nudge();
        leave = () =>
        {
            lock (_lock)
            {
                _pages.Remove(page);
            }
        };
        return page.Reader;
    }

    /// <summary>Runs until cancelled; an engine that does not answer is asked again.</summary>
    public Task RunAsync(CancellationToken ct) => Task.WhenAll(PollAsync(ct), ListenAsync(ct), SampleAsync(ct));

    private async Task PollAsync(CancellationToken ct)
    {
        var last = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        long changed = time.GetTimestamp();
        for (long round = 0; ; round++)
        {
            TimeSpan pause = time.GetElapsedTime(changed) < TimeSpan.FromSeconds(5) ? Busy : Calm;
            bool wanted = await WaitAsync(HasPages ? pause : Timeout.InfiniteTimeSpan, ct).ConfigureAwait(false);
            long began = time.GetTimestamp();
            try
            {
                foreach (string kind in ClusterState.Kinds.Where(k => k == "tasks" || wanted || round % 10 == 0))
                {
                    byte[] answer = await engine.GetAsync(kind, ct).ConfigureAwait(false);
                    if (!last.TryGetValue(kind, out byte[]? before) || !answer.AsSpan().SequenceEqual(before))
                    {
                        last[kind] = answer;
                        changed = time.GetTimestamp();
                        Send(() => _picture.Update(kind, Projection.List(kind, answer)));
                    }
                }

                Error(null);
            }
            catch (Exception e) when (IsTrouble(e, ct))
            {
                Error(e is OperationCanceledException ? "the engine does not answer in time" : e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, ct).ConfigureAwait(false);
            }

            // A cluster that changes all the time is read half of the time, not all of it.
            await Task.Delay(Shorter(time.GetElapsedTime(began), LongestRest), time, ct).ConfigureAwait(false);
        }
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        DateTimeOffset since = DateTimeOffset.MinValue;
        while (true)
        {
            while (!HasPages)
            {
                await _arrivals.Reader.ReadAsync(ct).ConfigureAwait(false);
            }

            // What happened before somebody looked comes from the engine's own memory of events.
            DateTimeOffset earliest = time.GetUtcNow() - EventsBefore;
            since = since > earliest ? since : earliest;
            try
            {
                using HttpResponseMessage answer = await engine.StreamAsync($"events?since={Projection.Moment(since)}", ct).ConfigureAwait(false);
                using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(ct).ConfigureAwait(false));
                while (HasPages && await lines.ReadLineAsync(ct).ConfigureAwait(false) is { } line)
                {
                    using JsonDocument told = JsonDocument.Parse(line);
                    since = Projection.Happened(told.RootElement) is { } at && at >= since ? at.AddTicks(1) : since;
                    string text = Projection.Event(told.RootElement);
                    Nudge();
                    Send(() =>
                    {
                        _events.Enqueue(text);
                        while (_events.Count > EventsKept)
                        {
                            _events.Dequeue();
                        }

                        return $"{{\"events\":[{text}]}}";
                    });
                }
            }
            catch (Exception e) when (IsTrouble(e, ct))
            {
                // The poll tells the pages; here it is only tried again.
            }

            await Task.Delay(TimeSpan.FromSeconds(1), time, ct).ConfigureAwait(false);
        }
    }

    private async Task SampleAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(StatsEvery, time);
        while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
        {
            if (!HasPages)
            {
                continue;
            }

            string[] tasks;
            lock (_lock)
            {
                tasks = [.. _picture.Of("tasks")];
            }

            // Also without samples: a page that hears nothing for long takes its connection for dead.
            IReadOnlyList<UsageSample> samples = await UsageSampler.TakeAsync(engine, tasks, ct).ConfigureAwait(false);
            Send(() => samples.Count > 0 ? _usage.Add(samples, time.GetUtcNow()) : "{}");
        }
    }

    private bool HasPages
    {
        get
        {
            lock (_lock)
            {
                return _pages.Count > 0;
            }
        }
    }

    /// <returns>Whether something nudged; false: the interval passed.</returns>
    private async Task<bool> WaitAsync(TimeSpan interval, CancellationToken ct)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task<bool> nudged = _nudges.Reader.ReadAsync(limit.Token).AsTask();
        Task first = await Task.WhenAny(nudged, Task.Delay(interval, time, limit.Token)).ConfigureAwait(false);
        await limit.CancelAsync().ConfigureAwait(false);
        ct.ThrowIfCancellationRequested();
        return first == nudged;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private void Error(string? message)
    {
        if (message != _trouble)
        {
            _trouble = message;
            Send(TroubleMessage);
        }
    }

    private string TroubleMessage() => Projection.Write(w => w.WriteString("trouble", _trouble ?? ""));

    private void Send(Func<string?> message)
    {
        lock (_lock)
        {
            if (message() is not { } text)
            {
                return;
            }

            foreach (Channel<string> page in _pages.Where(p => !p.Writer.TryWrite(text)).ToArray())
            {
                page.Writer.TryComplete();
                _pages.Remove(page);
            }
        }
    }

    private static bool IsTrouble(Exception e, CancellationToken ct)
        => !ct.IsCancellationRequested && e is HttpRequestException or IOException or EngineRefusal or JsonException or OperationCanceledException;
}
