using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;

namespace Skep.Api;

/// <summary>Numbers and traces of requests. Kinds of objects, not paths: names must not become series.</summary>
internal static class ApiMetrics
{
    private static readonly Meter Meter = new("Skep.Api");
    private static readonly ActivitySource Traces = new("Skep.Api");

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>("skep.api.requests", "{request}", "Requests answered by the Engine API.");

    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>(
        "skep.api.request.duration", "s", "From a request until its answer began; streams go on for as long as the client likes.");

    private static readonly FrozenSet<string> Kinds = FrozenSet.Create(
        StringComparer.Ordinal,
        "_ping", "auth", "build", "commit", "configs", "containers", "distribution", "events", "exec", "images", "info", "networks", "nodes", "plugins", "secrets", "services",
        "session", "stacks", "swarm", "system", "tasks", "version", "volumes");

    public static bool Enabled => Requests.Enabled;

    /// <summary>A span of the request while traces are collected, else null.</summary>
    public static Activity? Trace(string method, string path)
        => Traces.HasListeners() ? Traces.StartActivity($"{method} {KindOf(path)}", ActivityKind.Server) : null;

    /// <param name="begun">How long until the answer began; null when it never was an answer of HTTP (attach, exec).</param>
    public static void Answered(string method, string path, int status, TimeSpan? begun)
    {
        string kind = KindOf(path);
        Requests.Add(1, new("kind", kind), new("method", method), new("code", status));
        if (begun is { } time)
        {
            Durations.Record(time.TotalSeconds, new KeyValuePair<string, object?>("kind", kind));
        }
    }

    /// <summary>The first word of the path after the version.</summary>
    internal static string KindOf(string path)
    {
        ReadOnlySpan<char> rest = path.AsSpan().TrimStart('/');
        if (rest is ['v', >= '0' and <= '9', ..] && rest.IndexOf('/') is >= 0 and int slash)
        {
            rest = rest[(slash + 1)..];
        }

        int end = rest.IndexOf('/');
        return Kinds.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(end < 0 ? rest : rest[..end], out string? kind) ? kind : "other";
    }
}
