using System.Globalization;
using Skep.Api.Http;
using Skep.Manager.Control;

namespace Skep.Api.Cluster;

/// <summary>What a request for logs asks.</summary>
internal sealed record LogRequest(LogSelection Selection, bool Timestamps, bool Details)
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: no stream chosen, or a time that is none.</exception>
    public static LogRequest Of(ApiCall call)
    {
        bool stdout = call.Flag("stdout");
        bool stderr = call.Flag("stderr");
        if (!stdout && !stderr)
        {
            throw ClusterException.Invalid("Bad parameters: you must choose at least one stream");
        }

        return new LogRequest(
            new LogSelection
            {
                Stdout = stdout,
                Stderr = stderr,
                Follow = call.Flag("follow"),
                Since = Time(call.Query("since")),
                Until = Time(call.Query("until")),
                Tail = long.TryParse(call.Query("tail"), NumberStyles.None, CultureInfo.InvariantCulture, out long lines) ? lines : null,
            },
            call.Flag("timestamps"),
            call.Flag("details"));
    }

    /// <summary><c>seconds[.nanoseconds]</c>; 0 and nothing mean no bound.</summary>
    private static DateTimeOffset? Time(string text)
    {
        if (text is "" or "0")
        {
            return null;
        }

        return decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds)
            ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond))
            : WireTime.TryRead(text, out DateTimeOffset time) ? time : throw ClusterException.Invalid($"invalid time '{text}'");
    }
}
