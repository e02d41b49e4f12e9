using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Logs;

/// <summary>Flags of the verbs that show output.</summary>
internal static class LogFlags
{
    public static readonly Flag<bool> Details = Flag.Switch("details", "Show extra details provided to logs");
    public static readonly Flag<bool> Follow = Flag.Switch("follow", "Follow log output", 'f');
    public static readonly Flag<string> Since = Flag.Text("since", "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)");
    public static readonly Flag<string> Until = Flag.Text("until", "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)");
    public static readonly Flag<string> Tail = Flag.Text("tail", "Number of lines to show from the end of the logs", 'n', "all");
    public static readonly Flag<bool> Timestamps = Flag.Switch("timestamps", "Show timestamps", 't');

    public static Query Ask(Invocation call, string path) => new Query(path)
        .With("stdout", "1").With("stderr", "1").With("tail", call.Get(Tail))
        .When(call.Get(Follow), "follow", "1")
        .When(call.Get(Timestamps), "timestamps", "1")
        .When(call.Given(Since), "since", Moment(call, call.Get(Since)))
        .When(call.Given(Until), "until", Moment(call, call.Get(Until)));

    /// <summary>Unix seconds of a time, or of a duration before now.</summary>
    private static string Moment(Invocation call, string text)
    {
        if (text.Length == 0 || text.All(static c => char.IsAsciiDigit(c) || c == '.'))
        {
            return text;
        }

        try
        {
            long ago = GoValues.Duration(text);
            return call.Terminal.Time.GetUtcNow().AddTicks(-ago / TimeSpan.NanosecondsPerTick).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        }
        catch (FormatException)
        {
            return WireTime.TryRead(text, out DateTimeOffset time)
                ? string.Create(CultureInfo.InvariantCulture, $"{time.ToUnixTimeSeconds()}.{time.UtcTicks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick:D9}")
                : throw new CliException($"invalid value for a time: {text}");
        }
    }
}
