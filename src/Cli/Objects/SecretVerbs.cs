using System.Text.Json;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Objects;

/// <summary><c>secret create</c>, <c>ls</c>, <c>inspect</c>, <c>rm</c>.</summary>
internal static class SecretVerbs
{
    private static readonly Flag<string> Driver = Flag.Text("driver", "Secret driver", 'd');
    private static readonly Flag<string> TemplateDriver = Flag.Text("template-driver", "Template driver");
    private static readonly ListFlag<KeyValuePair<string, string>> Labels = Flag.List("label", "Secret labels", GoValues.Pair, 'l');

    public static readonly Verb Create = new("[OPTIONS] SECRET [file|-]", "Create a secret from a file or STDIN as content", new Arity(1, 2), [Driver, TemplateDriver, Labels], CreateAsync);

    public static readonly Verb List = new("[OPTIONS]", "List secrets", Arity.None, [CommonFlags.Filter, CommonFlags.Format, CommonFlags.Quiet], ListAsync);

    public static readonly Verb Inspect = new("[OPTIONS] SECRET [SECRET...]", "Display detailed information on one or more secrets", Arity.Some, [CommonFlags.InspectFormat, CommonFlags.Pretty], InspectAsync);

    public static readonly Verb Remove = new("SECRET [SECRET...]", "Remove one or more secrets", Arity.Some, [], static (call, cancellation) =>
        ServiceReading.EachAsync(call, name => call.Engine.DeleteAsync($"/secrets/{Query.Escape(name)}", cancellation)));

    private static readonly Columns Columns = Columns.Of(
        "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}",
        ("ID", "ID"), ("Name", "NAME"), ("Driver", "DRIVER"), ("CreatedAt", "CREATED"), ("UpdatedAt", "UPDATED"), ("Labels", "LABELS"), ("Label", ""));

    private static async Task<int> CreateAsync(Invocation call, CancellationToken cancellation)
    {
        bool isDriven = call.Given(Driver);
        if (isDriven && call.Arguments.Length > 1)
        {
            throw new CliException("when using secret driver secret data must be empty");
        }

        byte[]? data = isDriven ? null
            : call.Arguments.Length > 1 ? await DataFile.ReadAsync(call.Terminal, call.Arguments[1], cancellation)
            : throw new CliException("secret data source must be specified unless a driver is used: name a file, or - for standard input");
        WireCreated created = await call.Engine.PostAsync(
            "/secrets/create",
            new WireSecretSpec
            {
                Name = call.Arguments[0],
                Labels = LabelFormat.Map(call.All(Labels)),
                Data = data,
                Driver = call.Given(Driver) ? new WireDriver { Name = call.Get(Driver) } : null,
                Templating = call.Given(TemplateDriver) ? new WireDriver { Name = call.Get(TemplateDriver) } : null,
            },
            WireJson.Default.WireSecretSpec,
            WireJson.Default.WireCreated,
            cancellation);
        call.Out.WriteLine(created.Id);
        return 0;
    }

    private static async Task<int> ListAsync(Invocation call, CancellationToken cancellation)
    {
        List<WireSecret> found = await call.Engine.GetAsync(new Query("/secrets").Filters(call.All(CommonFlags.Filter)).ToString(), WireJson.Default.ListWireSecret, cancellation);
        DateTimeOffset now = call.Terminal.Time.GetUtcNow();
        Listing.Print(call.Out, call.Get(CommonFlags.Format), call.Get(CommonFlags.Quiet) ? "ID" : null, Columns,
        [
            .. found.OrderBy(static item => item.Spec?.Name, StoredData.ByName).Select(item => ToStored(item).ToRow(now)),
        ]);
        return 0;
    }

    private static Task<int> InspectAsync(Invocation call, CancellationToken cancellation)
        => StoredData.InspectAsync(call, "/secrets", static json => Describe(json.Deserialize(WireJson.Default.WireSecret)!), cancellation);

    private static string Describe(WireSecret item) =>
        $"ID:              {item.Id}\nName:              {item.Spec?.Name}\n{LabelFormat.Pretty(item.Spec?.Labels)}"
        + $"Driver:            {item.Spec?.Driver?.Name}\nCreated at:        {LabelFormat.PrettyTime(item.CreatedAt)}\nUpdated at:        {LabelFormat.PrettyTime(item.UpdatedAt)}\n";

    private static StoredData ToStored(WireSecret item) => new(item.Id, item.Spec?.Name, item.Spec?.Labels, item.CreatedAt, item.UpdatedAt, item.Spec?.Driver?.Name ?? "");
}
