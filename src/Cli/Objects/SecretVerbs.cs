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
                Labels = LabelText.Map(call.All(Labels)),
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
            .. found.OrderBy(static item => item.Spec?.Name, Comparer<string?>.Create(Words.CompareNatural)).Select(item => new Row
            {
                ["ID"] = item.Id,
                ["Name"] = item.Spec?.Name ?? "",
                ["Driver"] = item.Spec?.Driver?.Name ?? "",
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
            WireSecret item = (await FindAsync(name, cancellation)).Deserialize(WireJson.Default.WireSecret)!;
            call.Out.WriteLine($"ID:\t\t\t{item.Id}\nName:\t\t\t{item.Spec?.Name}");
            if (item.Spec?.Labels is { Count: > 0 } labels)
            {
                call.Out.WriteLine($"Labels:\n{string.Join('\n', labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $" - {pair.Key}={pair.Value}"))}");
            }

            call.Out.WriteLine($"Created at:            \t{LabelText.Time(item.CreatedAt)}\nUpdated at:            \t{LabelText.Time(item.UpdatedAt)}");
        }

        return 0;

        Task<JsonElement> FindAsync(string name, CancellationToken ct) => call.Engine.GetRawAsync($"/secrets/{Query.Escape(name)}", ct);
    }
}
