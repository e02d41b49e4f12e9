using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Skep.Engine.Logs;

/// <summary>Docker's json-file lines: <c>{"log":"…\n","stream":"stdout","time":"2026-01-02T03:04:05.000000000Z"}</c>.</summary>
internal static class LogLineJson
{
    public static void Write(IBufferWriter<byte> output, Utf8JsonWriter json, ReadOnlySpan<byte> line, LogStream stream, DateTimeOffset time)
    {
        json.Reset(output);
        json.WriteStartObject();
        json.WriteString("log"u8, Valid(line));
        json.WriteString("stream"u8, stream == LogStream.Stdout ? "stdout"u8 : "stderr"u8);
        json.WriteString("time"u8, Format(time));
        json.WriteEndObject();
        json.Flush();
        output.Write("\n"u8);
    }

    public static Utf8JsonWriter NewWriter(IBufferWriter<byte> output)
        => new(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    /// <summary>Null for a line that is not one of ours.</summary>
    public static LogLine? Parse(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text);
        byte[] log = [];
        LogStream stream = LogStream.Stdout;
        DateTimeOffset time = default;
        try
        {
            while (json.Read())
            {
                if (json.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                if (json.ValueTextEquals("log"u8))
                {
                    json.Read();
                    byte[] buffer = new byte[json.HasValueSequence ? (int)json.ValueSequence.Length : json.ValueSpan.Length];
                    int length = json.CopyString(buffer);
                    log = buffer[..length];
                }
                else if (json.ValueTextEquals("stream"u8))
                {
                    json.Read();
                    stream = json.ValueTextEquals("stderr"u8) ? LogStream.Stderr : LogStream.Stdout;
                }
                else if (json.ValueTextEquals("time"u8))
                {
                    json.Read();
                    time = json.GetDateTimeOffset();
                }
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }

        return new LogLine(time, stream, log);
    }

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    /// <summary>JSON is text: bytes that are none become U+FFFD, as with Docker.</summary>
    private static ReadOnlySpan<byte> Valid(ReadOnlySpan<byte> line)
        => System.Text.Unicode.Utf8.IsValid(line) ? line : System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(line));
}
