using System.Globalization;
using System.Text;
using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Node;

/// <summary><c>events</c>: what happens on the node and, at a manager, to the cluster.</summary>
internal static class SystemEvents
{
    private static readonly Flag<string> Since = Flag.Text("since", "Show all events created since timestamp");
    private static readonly Flag<string> Until = Flag.Text("until", "Stream events until this timestamp");

    public static readonly Verb Events = new("[OPTIONS]", "Get real time events from the node", Arity.None, [CommonFlags.Filter, CommonFlags.Format, Since, Until], static async (call, cancellation) =>
    {
        Query query = new Query("/events").Filters(call.All(CommonFlags.Filter));
        foreach ((string name, Flag<string> flag) in (ReadOnlySpan<(string, Flag<string>)>)[("since", Since), ("until", Until)])
        {
            query.When(call.Given(flag), name, Moment(call.Get(flag), call.Terminal.Time.GetUtcNow()));
        }

        string format = call.Get(CommonFlags.Format);
        GoTemplate? template = format is "" or "json" ? null : GoTemplate.Parse(format);
        using EngineReply reply = await call.Engine.SendAsync("GET", query.ToString(), null, null, cancellation);
        using StreamReader reader = new(reply.Body, Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Length == 0)
            {
                continue;
            }

            if (template is null)
            {
                call.Out.WriteLine(format == "json" ? line : Describe(JsonSerializer.Deserialize(line, WireJson.Default.WireEvent)!));
            }
            else
            {
                using JsonDocument document = JsonDocument.Parse(line);
                call.Out.WriteLine(template.Run(TemplateValue.From(document.RootElement.Clone())));
            }

            call.Out.Flush();
        }

        return 0;
    });

    /// <summary>Time, what, which, and its attributes by name.</summary>
    private static string Describe(WireEvent told)
    {
        const long second = 1_000_000_000;
        string time = $"{DateTimeOffset.FromUnixTimeSeconds(told.TimeNano / second).UtcDateTime:yyyy-MM-ddTHH:mm:ss}.{told.TimeNano % second:D9}Z";
        string attributes = string.Join(", ", (told.Actor?.Attributes ?? []).OrderBy(static a => a.Key, StringComparer.Ordinal).Select(static a => $"{a.Key}={a.Value}"));
        string line = $"{time} {told.Type} {told.Action} {told.Actor?.Id}";
        return attributes.Length == 0 ? line : $"{line} ({attributes})";
    }

    /// <summary>A duration means so long ago; the daemon understands the rest.</summary>
    private static string Moment(string text, DateTimeOffset now)
    {
        if (text == "now")
        {
            return Seconds(now);
        }

        try
        {
            return text.Length == 0 || char.IsAsciiDigit(text[^1]) ? text : Seconds(now - TimeSpan.FromTicks(GoValues.Duration(text) / TimeSpan.NanosecondsPerTick));
        }
        catch (FormatException)
        {
            return text;
        }
    }

    private static string Seconds(DateTimeOffset time)
        => string.Create(CultureInfo.InvariantCulture, $"{time.ToUnixTimeSeconds()}.{(time.UtcTicks % TimeSpan.TicksPerSecond) * TimeSpan.NanosecondsPerTick:D9}");
}
