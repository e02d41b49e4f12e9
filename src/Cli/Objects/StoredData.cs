using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;

namespace Skep.Cli.Objects;

/// <summary>A secret or a config, as far as both are shown alike.</summary>
/// <param name="Driver">Null where the kind has none.</param>
/// <param name="More">Lines that only one kind has, at the end of what <c>inspect --pretty</c> prints.</param>
internal sealed record StoredData(string? Id, string? Name, Dictionary<string, string>? Labels, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? Driver = null, string More = "")
{
    public static IComparer<string?> ByName { get; } = Comparer<string?>.Create(Words.CompareNatural);

    /// <summary>What <c>inspect</c> prints.</summary>
    /// <param name="collection">Where the engine keeps them, as in <c>/secrets</c>.</param>
    public static async Task<int> InspectAsync(Invocation call, string collection, Func<JsonElement, StoredData> read, CancellationToken cancellation)
    {
        if (!call.Get(CommonFlags.Pretty))
        {
            return await InspectPrinter.RunAsync(call, call.Get(CommonFlags.InspectFormat), FindAsync, cancellation);
        }

        foreach (string name in call.Arguments)
        {
            read(await FindAsync(name, cancellation)).Print(call.Out);
        }

        return 0;

        Task<JsonElement> FindAsync(string name, CancellationToken ct) => call.Engine.GetRawAsync($"{collection}/{Query.Escape(name)}", ct);
    }

    public Row ToRow(DateTimeOffset now)
    {
        var row = new Row
        {
            ["ID"] = Id,
            ["Name"] = Name ?? "",
            ["CreatedAt"] = Words.Ago(CreatedAt, now),
            ["UpdatedAt"] = Words.Ago(UpdatedAt, now),
            ["Labels"] = LabelText.Join(Labels),
            ["Label"] = LabelText.Lookup(Labels),
        };
        if (Driver is not null)
        {
            row["Driver"] = Driver;
        }

        return row;
    }

    private void Print(TextWriter output)
    {
        output.WriteLine($"ID:\t\t\t{Id}\nName:\t\t\t{Name}");
        if (Labels is { Count: > 0 })
        {
            output.WriteLine($"Labels:\n{string.Join('\n', Labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $" - {pair.Key}={pair.Value}"))}");
        }

        output.WriteLine($"Created at:            \t{LabelText.Time(CreatedAt)}\nUpdated at:            \t{LabelText.Time(UpdatedAt)}");
        output.Write(More);
    }
}
