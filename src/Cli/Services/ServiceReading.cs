using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary>Verbs that read or remove services: <c>ps</c>, <c>inspect</c>, <c>rm</c>.</summary>
internal static class ServiceReading
{
    public static readonly Verb Ps = new("[OPTIONS] SERVICE [SERVICE...]", "List the tasks of one or more services", Arity.Some, TaskListing.Flags, PsAsync);

    public static readonly Verb Inspect = new("[OPTIONS] SERVICE [SERVICE...]", "Display detailed information on one or more services", Arity.Some, [CommonFlags.InspectFormat, CommonFlags.Pretty], InspectAsync);

    public static readonly Verb Remove = new("SERVICE [SERVICE...]", "Remove one or more services", Arity.Some, [], static (call, cancellation) =>
        EachAsync(call, name => call.Engine.DeleteAsync($"/services/{Query.Escape(name)}", cancellation)));

    /// <summary>Does something to each argument and prints it; what fails is told at the end.</summary>
    public static Task<int> EachAsync(Invocation call, Func<string, Task> act) => EachAsync(call, async name =>
    {
        await act(name);
        return true;
    });

    /// <param name="act">False: it was left as it is, and is not printed.</param>
    public static async Task<int> EachAsync(Invocation call, Func<string, Task<bool>> act)
    {
        List<string> failures = [];
        foreach (string name in call.Arguments)
        {
            try
            {
                if (await act(name))
                {
                    call.Out.WriteLine(name);
                }
            }
            catch (EngineException failure)
            {
                failures.Add(failure.Message);
            }
        }

        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    }

    public static async Task<WireService> FindAsync(EngineClient engine, string name, CancellationToken cancellation)
        => await engine.GetAsync($"/services/{Query.Escape(name)}?insertDefaults=false", WireJson.Default.WireService, cancellation);

    private static async Task<int> PsAsync(Invocation call, CancellationToken cancellation)
    {
        Query byId = new("/services");
        Query byName = new("/services");
        foreach (string name in call.Arguments)
        {
            byId.Filter("id", name);
            byName.Filter("name", name);
        }

        List<WireService> services =
        [
            .. await call.Engine.GetAsync(byId.ToString(), WireJson.Default.ListWireService, cancellation),
            .. await call.Engine.GetAsync(byName.ToString(), WireJson.Default.ListWireService, cancellation),
        ];
        Query query = new Query("/tasks").Filters(call.All(CommonFlags.Filter));
        List<string> missing = [];
        bool any = false;
        foreach (string name in call.Arguments)
        {
            // The server matches names by their beginning: the exact one counts, then the id, then an id's beginning.
            WireService? match = services.Find(service => service.Spec?.Name == name || service.Id == name)
                ?? services.Find(service => service.Id?.StartsWith(name, StringComparison.Ordinal) == true);
            if (match?.Id is { } id)
            {
                query.Filter("service", id);
                any = true;
            }
            else
            {
                missing.Add($"no such service: {name}");
            }
        }

        if (any)
        {
            await TaskListing.PrintAsync(
                call, await call.Engine.GetAsync(query.ToString(), WireJson.Default.ListWireTask, cancellation), cancellation, wholeIds: call.Get(CommonFlags.Quiet));
        }

        return missing.Count == 0 ? 0 : throw new CliException(string.Join('\n', missing));
    }

    private static async Task<int> InspectAsync(Invocation call, CancellationToken cancellation)
    {
        if (call.Get(CommonFlags.Pretty))
        {
            if (call.Get(CommonFlags.InspectFormat).Length > 0)
            {
                throw new CliException("--format is incompatible with human friendly format");
            }

            foreach (string name in call.Arguments)
            {
                WireService service = await call.Engine.GetAsync($"/services/{Query.Escape(name)}?insertDefaults=true", WireJson.Default.WireService, cancellation);
                List<WireNetwork> networks = service.Spec?.TaskTemplate?.Networks is { Count: > 0 } ? await call.Engine.GetAsync("/networks", WireJson.Default.ListWireNetwork, cancellation) : [];
                call.Out.Write(ServicePretty.Describe(service, networks, call.Terminal.Time.GetUtcNow()));
            }

            return 0;
        }

        return await InspectPrinter.RunAsync(call, call.Get(CommonFlags.InspectFormat), async (name, ct) =>
        {
            try
            {
                return await call.Engine.GetRawAsync($"/services/{Query.Escape(name)}?insertDefaults=true", ct);
            }
            catch (EngineException failure) when (failure.IsNotFound)
            {
                throw new CliException($"Error: no such service: {name}");
            }
        }, cancellation);
    }
}
