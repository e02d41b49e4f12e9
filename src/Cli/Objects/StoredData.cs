using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;

namespace Skep.Cli.Objects;

/// <summary>A secret or a config, as far as both are shown alike.</summary>
/// <param name="Driver">Null where the kind has none.</param>
internal sealed record StoredData(string? Id, string? Name, Dictionary<string, string>? Labels, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? Driver = null)
{
    public static IComparer<string?> ByName { get; } = Comparer<string?>.Create(HumanFormat.CompareNatural);

    /// <summary>What <c>inspect</c> prints.</summary>
    /// <param name="describe">For <c>--pretty</c>, which differs from kind to kind down to its blanks.</param>
    /// <param name="collection">Where the engine keeps them, as in <c>/secrets</c>.</param>
    public static async Task<int> InspectAsync(Invocation call, string collection, Func<JsonElement, string> describe, CancellationToken cancellation)
    {
        if (!call.Get(CommonFlags.Pretty))
        {
            return await InspectPrinter.RunAsync(call, call.Get(CommonFlags.InspectFormat), FindAsync, cancellation);
        }

        foreach (string name in call.Arguments)
        {
            call.Out.Write(describe(await FindAsync(name, cancellation)));
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
            ["CreatedAt"] = HumanFormat.Ago(CreatedAt, now),
            ["UpdatedAt"] = HumanFormat.Ago(UpdatedAt, now),
            ["Labels"] = LabelFormat.Join(Labels),
            ["Label"] = LabelFormat.Lookup(Labels),
        };
        if (Driver is not null)
        {
            row["Driver"] = Driver;
        }

        return row;
    }
}
