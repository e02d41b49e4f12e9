using System.Text;
using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Wire;

namespace Skep.Cli.Images;

/// <summary>Shows what the daemon tells while it pulls or loads.</summary>
internal static class ProgressStream
{
    /// <exception cref="CliException">The daemon told of an error, which comes after it has answered 200.</exception>
    public static async Task PrintAsync(TextWriter output, EngineReply reply, bool quiet, CancellationToken cancellation)
    {
        await using Stream stream = reply.Body;
        using StreamReader reader = new(stream, Encoding.UTF8);
        string pending = "";
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            // Objects come one a line; one that is cut over lines is put together again.
            pending += line;
            if (pending.Length == 0 || !pending.AsSpan().TrimEnd().EndsWith("}"))
            {
                continue;
            }

            foreach (WireProgress progress in Read(pending))
            {
                Print(output, progress, quiet);
            }

            pending = "";
        }
    }

    private static List<WireProgress> Read(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { AllowMultipleValues = true });
        List<WireProgress> found = [];
        while (reader.Read())
        {
            if (JsonSerializer.Deserialize(ref reader, WireJson.Default.WireProgress) is { } progress)
            {
                found.Add(progress);
            }
        }

        return found;
    }

    private static void Print(TextWriter output, WireProgress progress, bool quiet)
    {
        if (progress.Error is { Length: > 0 } || progress.ErrorDetail is not null)
        {
            throw new CliException(progress.ErrorDetail?.Message ?? progress.Error ?? "the daemon told of an error without words");
        }

        if (quiet)
        {
            return;
        }

        if (progress.Stream is { } text)
        {
            output.Write(text);
        }
        else if (progress.Status is { } status && progress.ProgressDetail is not { Total: > 0 })
        {
            output.WriteLine(progress.Id is { Length: > 0 } id ? $"{id}: {status}" : status);
        }

        output.Flush();
    }
}
