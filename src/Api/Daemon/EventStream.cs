using System.Globalization;
using System.Text.Json;
using Skep.Api.Http;
using Skep.Engine.Containerd;
using Skep.Engine.Events;

namespace Skep.Api.Daemon;

/// <summary><c>GET /events</c>: one JSON object a line: first what is kept of the past asked for, then things as they happen, until the client goes or <c>until</c> has come.</summary>
internal static class EventStream
{
    /// <summary>Marks the beginning of a record in a JSON text sequence. Source: RFC 7464.</summary>
    private const byte RecordSeparator = 0x1e;

    public static async Task ServeAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        var filter = new EventFilter(call.Filters(EventFilter.Keys));
        DateTimeOffset? until = Moment(call.Query("until"));
        DateTimeOffset? since = Moment(call.Query("since"));
        if (since > until)
        {
            throw ClusterException.Invalid($"`since` time ({call.Query("since")}) cannot be after `until` time ({call.Query("until")})");
        }

        // Subscribed before the answer begins: a client that has the headers misses nothing.
        using EventSubscription subscription = call.Node.Events.Subscribe(since ?? (until is null ? null : DateTimeOffset.MinValue));
        string accepted = call.Http.Request.Headers.Accept.ToString();
        bool isSequence = accepted.Contains("application/json-seq", StringComparison.OrdinalIgnoreCase);
        call.Http.Response.ContentType = isSequence ? "application/json-seq"
            : accepted.Contains("application/x-ndjson", StringComparison.OrdinalIgnoreCase) ? "application/x-ndjson"
            : "application/json";
        await call.Http.Response.StartAsync(ct);
        await call.Http.Response.Body.FlushAsync(ct);
        foreach (NodeEvent told in subscription.Past.Where(e => until is null || e.Time <= until).Where(filter.Wants))
        {
            await WriteAsync(call, told, isSequence, ct);
        }

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
            await foreach (NodeEvent told in subscription.ComingAsync(either.Token))
            {
                if (filter.Wants(told))
                {
                    await WriteAsync(call, told, isSequence, either.Token);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // The moment asked for has come: the answer is whole.
        }
    }

    public static WireEvent ToWire(NodeEvent told)
    {
        bool isOld = told.Type is "container" or "image";
        return new WireEvent
        {
            OldStatus = isOld ? told.Action : null,
            OldId = isOld ? told.Id : null,
            OldFrom = told.Type == "container" && told.Attributes.TryGetValue("image", out string? image) ? image : null,
            Type = told.Type,
            Action = told.Action,
            Actor = new WireActor { Id = told.Id, Attributes = new Dictionary<string, string>(told.Attributes, StringComparer.Ordinal) },
            Scope = told.IsOfCluster ? "swarm" : "local",
            Time = told.Time.ToUnixTimeSeconds(),
            TimeNano = (told.Time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
        };
    }

    private static async Task WriteAsync(ApiCall call, NodeEvent told, bool isSequence, CancellationToken ct)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(ToWire(told), WireJson.Default.WireEvent);
        byte[] line = isSequence ? [RecordSeparator, .. json, (byte)'\n'] : [.. json, (byte)'\n'];
        await call.Http.Response.Body.WriteAsync(line, ct);
        await call.Http.Response.Body.FlushAsync(ct);
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
