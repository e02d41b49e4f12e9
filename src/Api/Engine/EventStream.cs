using System.Globalization;
using System.Text.Json;
using Skep.Api.Cluster;
using Skep.Api.Http;
using Skep.Store;

namespace Skep.Api.Engine;

/// <summary><c>GET /events</c>: one JSON object a line, as things happen, until the client goes or <c>until</c> has come.</summary>
internal static class EventStream
{
    public static async Task ServeAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        QueryFilters filters = call.Filters(
            "config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "secret", "service", "type", "volume");
        DateTimeOffset? until = Moment(call.Query("until"));
        _ = Moment(call.Query("since"));
        call.Http.Response.ContentType = "application/json";
        await call.Http.Response.StartAsync(ct);

        // Nothing is kept of the past, so a stream that ends before now is empty.
        TimeSpan? left = until - time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        using CancellationTokenSource ended = left is { } duration && duration < TimeSpan.FromDays(40)
            ? new CancellationTokenSource(duration, time)
            : new CancellationTokenSource();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct, ended.Token);
        try
        {
            await WriteAsync(call, filters, time, either.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // The moment asked for has come: the answer is whole.
        }
    }

    private static async Task WriteAsync(ApiCall call, QueryFilters filters, TimeProvider time, CancellationToken ct)
    {
        if (call.Node.Control is not { } control)
        {
            // A worker has nothing to tell of the cluster; the stream stays open as Docker's does.
            await Task.Delay(Timeout.InfiniteTimeSpan, time, ct);
            return;
        }

        using StoreWatch watch = control.Watch();
        await foreach (StoreBatch batch in watch.WithCancellation(ct))
        {
            foreach (StoreEvent change in batch.Events)
            {
                if (ClusterEvents.Describe(change, time.GetUtcNow()) is { } told && Wanted(told, filters))
                {
                    byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(told, WireJson.Default.WireEvent), (byte)'\n'];
                    await call.Http.Response.Body.WriteAsync(line, ct);
                    await call.Http.Response.Body.FlushAsync(ct);
                }
            }
        }
    }

    private static bool Wanted(WireEvent told, QueryFilters filters)
    {
        Dictionary<string, string> attributes = told.Actor!.Attributes!;
        string id = told.Actor.Id!;
        string name = attributes.GetValueOrDefault("name", "");
        return filters.Exact("scope", told.Scope!)
            && filters.Exact("type", told.Type!)
            && filters.Exact("event", told.Action!)
            && filters.Labels("label", attributes)
            && new[] { "config", "container", "daemon", "image", "network", "node", "plugin", "secret", "service", "volume" }
                .Where(filters.Has)
                .All(kind => kind == told.Type && filters.Any(kind, v => v == id || v == name));
    }

    /// <summary>Unix seconds with an optional fraction, or RFC 3339.</summary>
    private static DateTimeOffset? Moment(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        return decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds)
            ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond))
            : WireTime.TryRead(text, out DateTimeOffset time) ? time : throw ClusterException.Invalid($"invalid time '{text}'");
    }
}
