using System.Text;
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
        byte[] data = await DataFile.ReadAsync(call.Terminal, call.Arguments[1], cancellation, whenFailed: $"Error reading content from \"{call.Arguments[1]}\": ");
        WireCreated created = await call.Engine.PostAsync(
            "/configs/create",
            new WireConfigSpec
            {
                Name = call.Arguments[0],
                Labels = LabelFormat.Map(call.All(Labels)),
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
            .. found.OrderBy(static item => item.Spec?.Name, StoredData.ByName).Select(item => ToStored(item).ToRow(now)),
        ]);
        return 0;
    }

    private static Task<int> InspectAsync(Invocation call, CancellationToken cancellation)
        => StoredData.InspectAsync(call, "/configs", static json => Describe(json.Deserialize(WireJson.Default.WireConfig)!), cancellation);

    private static string Describe(WireConfig item) =>
        $"ID:\t\t\t{item.Id}\nName:\t\t\t{item.Spec?.Name}\n{LabelFormat.Pretty(item.Spec?.Labels)}"
        + $"Created at:            \t{LabelFormat.PrettyTime(item.CreatedAt)}\nUpdated at:            \t{LabelFormat.PrettyTime(item.UpdatedAt)}\n"
        + $"Data:\n{Encoding.UTF8.GetString(item.Spec?.Data ?? [])}\n";

    private static StoredData ToStored(WireConfig item) => new(item.Id, item.Spec?.Name, item.Spec?.Labels, item.CreatedAt, item.UpdatedAt);
}
