using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Objects;

/// <summary><c>config create</c>, <c>ls</c>, <c>inspect</c>, <c>rm</c>.</summary>
internal static class ConfigVerbs
{
    private static readonly Flag<string> TemplateDriver = Flag.Text("template-driver", "Template driver");
    private static readonly ListFlag<KeyValuePair<string, string>> Labels = Flag.List("label", "Config labels", GoValues.Pair, 'l');

    public static readonly Verb Create = new("[OPTIONS] CONFIG file|-", "Create a config from a file or STDIN", Arity.Exactly(2), [TemplateDriver, Labels], CreateAsync);

    public static readonly Verb List = new("[OPTIONS]", "List configs", Arity.None, [CommonFlags.Filter, CommonFlags.Format, CommonFlags.Quiet], ListAsync);

    public static readonly Verb Inspect = new("[OPTIONS] CONFIG [CONFIG...]", "Display detailed information on one or more configs", Arity.Some, [CommonFlags.InspectFormat, CommonFlags.Pretty], InspectAsync);

    public static readonly Verb Remove = new("CONFIG [CONFIG...]", "Remove one or more configs", Arity.Some, [], static (call, cancellation) =>
        ServiceReading.EachAsync(call, name => call.Engine.DeleteAsync($"/configs/{Query.Escape(name)}", cancellation)));

    private static readonly Columns Columns = Columns.Of(
        "{{.ID}}\t{{.Name}}\t{{.CreatedAt}}\t{{.UpdatedAt}}",
        ("ID", "ID"), ("Name", "NAME"), ("CreatedAt", "CREATED"), ("UpdatedAt", "UPDATED"), ("Labels", "LABELS"), ("Label", ""));

    private static async Task<int> CreateAsync(Invocation call, CancellationToken cancellation)
    {
        byte[] data = await DataFile.ReadAsync(call.Terminal, call.Arguments[1], cancellation);
        WireCreated created = await call.Engine.PostAsync(
            "/configs/create",
            new WireConfigSpec
            {
                Name = call.Arguments[0],
                Labels = LabelText.Map(call.All(Labels)),
                Data = data,
                Templating = call.Given(TemplateDriver) ? new WireDriver { Name = call.Get(TemplateDriver) } : null,
            },
            WireJson.Default.WireConfigSpec,
            WireJson.Default.WireCreated,
            cancellation);
        call.Out.WriteLine(created.Id);
        return 0;
    }

    private static async Task<int> ListAsync(Invocation call, CancellationToken cancellation)
    {
        List<WireConfig> found = await call.Engine.GetAsync(new Query("/configs").Filters(call.All(CommonFlags.Filter)).ToString(), WireJson.Default.ListWireConfig, cancellation);
        DateTimeOffset now = call.Terminal.Time.GetUtcNow();
        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(CommonFlags.Quiet) ? "ID" : null, Columns,
        [
            .. found.OrderBy(static item => item.Spec?.Name, Comparer<string?>.Create(Words.CompareNatural)).Select(item => new Row
            {
                ["ID"] = item.Id,
                ["Name"] = item.Spec?.Name ?? "",
                ["CreatedAt"] = Words.Ago(item.CreatedAt, now),
                ["UpdatedAt"] = Words.Ago(item.UpdatedAt, now),
                ["Labels"] = LabelText.Join(item.Spec?.Labels),
                ["Label"] = LabelText.Lookup(item.Spec?.Labels),
            }),
        ]);
        return 0;
    }

    private static async Task<int> InspectAsync(Invocation call, CancellationToken cancellation)
    {
        if (!call.Get(CommonFlags.Pretty))
        {
            return await InspectPrinter.RunAsync(call, call.Get(CommonFlags.InspectFormat), FindAsync, cancellation);
        }

        foreach (string name in call.Arguments)
        {
            WireConfig item = (await FindAsync(name, cancellation)).Deserialize(WireJson.Default.WireConfig)!;
            call.Out.WriteLine($"ID:\t\t\t{item.Id}\nName:\t\t\t{item.Spec?.Name}");
            if (item.Spec?.Labels is { Count: > 0 } labels)
            {
                call.Out.WriteLine($"Labels:\n{string.Join('\n', labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $" - {pair.Key}={pair.Value}"))}");
            }

            call.Out.WriteLine($"Created at:            \t{LabelText.Time(item.CreatedAt)}\nUpdated at:            \t{LabelText.Time(item.UpdatedAt)}");
            call.Out.WriteLine($"Data:\n{System.Text.Encoding.UTF8.GetString(item.Spec?.Data ?? [])}");
        }

        return 0;

        Task<JsonElement> FindAsync(string name, CancellationToken ct) => call.Engine.GetRawAsync($"/configs/{Query.Escape(name)}", ct);
    }
}
