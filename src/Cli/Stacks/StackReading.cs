using System.Globalization;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Templates;
using Skep.Compose;
using Skep.Model;
using Skep.Wire;

namespace Skep.Cli.Stacks;

/// <summary><c>stack ls</c>, <c>ps</c>, <c>services</c>, <c>config</c>.</summary>
internal static class StackReading
{
    private static readonly Flag<bool> SkipInterpolation = Flag.Switch("skip-interpolation", "Skip interpolation and output only merged config");

    public static readonly Verb List = new("[OPTIONS]", "List stacks", Arity.None, [CommonFlags.Format], ListAsync);

    public static readonly Verb Ps = new("[OPTIONS] STACK", "List the tasks in the stack", Arity.One, TaskListing.Flags, static async (call, cancellation) =>
    {
        string stack = StackNames.Check(call.Arguments[0]);
        List<WireTask> tasks = await call.Engine.GetAsync(
            new Query("/tasks").Filters(call.All(CommonFlags.Filter)).Of(stack).ToString(), WireJson.Default.ListWireTask, cancellation);
        if (tasks.Count == 0)
        {
            throw new CliException($"nothing found in stack: {stack}");
        }

        await TaskListing.PrintAsync(call, tasks, cancellation);
        return 0;
    });

    public static readonly Verb Services = new("[OPTIONS] STACK", "List the services in the stack", Arity.One, [CommonFlags.Filter, CommonFlags.Format, CommonFlags.Quiet], static async (call, cancellation) =>
    {
        string stack = StackNames.Check(call.Arguments[0]);
        List<WireService> services = await ServiceListing.FetchAsync(call, new Query("/services").Filters(call.All(CommonFlags.Filter)).Of(stack), cancellation);
        if (services.Count == 0)
        {
            call.Err.WriteLine($"Nothing found in stack: {stack}");
            return 0;
        }

        ServiceListing.Print(call, services);
        return 0;
    });

    public static readonly Verb Config = new("[OPTIONS]", "Outputs the final config file, after doing merges and interpolations", Arity.None, [ComposeFiles.Files, SkipInterpolation], static (call, _) =>
    {
        ComposeProject project = ComposeFiles.Load(call, new ComposeLoadOptions { SkipInterpolation = call.Get(SkipInterpolation) });
        foreach (string warning in project.LoaderWarnings)
        {
            call.Err.WriteLine($"level=warning msg=\"{warning.Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        call.Out.Write(ComposeWriter.ToYaml(project));
        return Task.FromResult(0);
    });

    private static readonly Columns Columns = Columns.Of("{{.Name}}\t{{.Services}}", ("Name", "NAME"), ("Services", "SERVICES"));

    private static async Task<int> ListAsync(Invocation call, CancellationToken cancellation)
    {
        List<WireService> services = await call.Engine.GetAsync(new Query("/services").Filter("label", StackLabels.Namespace).ToString(), WireJson.Default.ListWireService, cancellation);
        Listing.Print(call.Out, call.Get(CommonFlags.Format), null, Columns,
        [
            .. services.GroupBy(static service => service.Spec?.Labels?.GetValueOrDefault(StackLabels.Namespace) ?? "", StringComparer.Ordinal)
                .OrderBy(static stack => stack.Key, Comparer<string>.Create(HumanFormat.CompareNatural))
                .Select(static stack => new Row { ["Name"] = stack.Key, ["Services"] = stack.Count().ToString(CultureInfo.InvariantCulture) }),
        ]);
        return 0;
    }
}
