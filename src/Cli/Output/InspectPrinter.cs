using System.Text.Encodings.Web;
using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Templates;

namespace Skep.Cli.Output;

/// <summary>What <c>inspect</c> verbs share: each argument is looked up, and printed as JSON or with a template.</summary>
internal static class InspectPrinter
{
    /// <param name="find">Looks one up; throws <see cref="CliException"/> where there is none.</param>
    /// <returns>0, or 1 where one or more were not found; what was found is printed all the same.</returns>
    public static Task<int> RunAsync(Invocation call, string format, Func<string, CancellationToken, Task<JsonElement>> find, CancellationToken cancellation)
        => RunAsync(call, call.Arguments, format, find, cancellation);

    /// <inheritdoc cref="RunAsync(Invocation, string, Func{string, CancellationToken, Task{JsonElement}}, CancellationToken)"/>
    public static async Task<int> RunAsync(Invocation call, string[] names, string format, Func<string, CancellationToken, Task<JsonElement>> find, CancellationToken cancellation)
    {
        List<JsonElement> found = [];
        List<string> failures = [];
        foreach (string name in names)
        {
            try
            {
                found.Add(await find(name, cancellation));
            }
            catch (EngineException failure)
            {
                failures.Add(failure.Message);
            }
            catch (CliException failure) when (failure.Message.StartsWith("Error: ", StringComparison.Ordinal) || failure.Message.StartsWith("context ", StringComparison.Ordinal))
            {
                failures.Add(failure.Message);
            }
        }

        Print(call, format, found);
        call.Out.Flush();
        foreach (string failure in failures)
        {
            call.Err.WriteLine(failure);
        }

        return failures.Count > 0 ? 1 : 0;
    }

    private static void Print(Invocation call, string format, List<JsonElement> found)
    {
        if (format is "" or "json")
        {
            call.Out.Flush();
            using MemoryStream buffer = new();
            using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Indented = format.Length == 0, IndentSize = 4, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                writer.WriteStartArray();
                foreach (JsonElement item in found)
                {
                    item.WriteTo(writer);
                }

                writer.WriteEndArray();
            }

            call.Out.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
            return;
        }

        GoTemplate template = GoTemplate.Parse(format);
        foreach (JsonElement item in found)
        {
            call.Out.WriteLine(template.Run(TemplateValue.From(item)));
        }
    }
}
