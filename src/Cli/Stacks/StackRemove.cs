using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Stacks;

/// <summary><c>stack rm</c>.</summary>
internal static class StackRemove
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(15);
    private static readonly Flag<bool> Detach = Flag.Switch("detach", "Do not wait for stack removal", 'd', byDefault: true);

    public static readonly Verb Remove = new("[OPTIONS] STACK [STACK...]", "Remove one or more stacks", Arity.Some, [Detach], RunAsync);

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        List<string> failures = [];
        foreach (string stack in call.Arguments)
        {
            StackNames.Check(stack);
        }

        foreach (string stack in call.Arguments)
        {
            EngineClient engine = call.Engine;
            List<WireService> services = await engine.GetAsync(new Query("/services").Of(stack).ToString(), WireJson.Default.ListWireService, cancellation);
            List<WireNetwork> networks = await engine.GetAsync(new Query("/networks").Of(stack).ToString(), WireJson.Default.ListWireNetwork, cancellation);
            List<WireSecret> secrets = await engine.GetAsync(new Query("/secrets").Of(stack).ToString(), WireJson.Default.ListWireSecret, cancellation);
            List<WireConfig> configs = await engine.GetAsync(new Query("/configs").Of(stack).ToString(), WireJson.Default.ListWireConfig, cancellation);
            if (services.Count + networks.Count + secrets.Count + configs.Count == 0)
            {
                call.Err.WriteLine($"Nothing found in stack: {stack}");
                continue;
            }

            bool whole = true;
            foreach ((string kind, string path, string? id, string? name) in
                services.OrderBy(static service => service.Spec?.Name, StringComparer.Ordinal).Select(static service => ("service", "services", service.Id, service.Spec?.Name))
                    .Concat(secrets.Select(static secret => ("secret", "secrets", secret.Id, secret.Spec?.Name)))
                    .Concat(configs.Select(static config => ("config", "configs", config.Id, config.Spec?.Name)))
                    .Concat(networks.Select(static network => ("network", "networks", network.Id, network.Name))))
            {
                call.Out.WriteLine($"Removing {kind} {name}");
                call.Out.Flush();
                try
                {
                    await DeleteAsync(call, $"/{path}/{id}", cancellation);
                }
                catch (EngineException failure)
                {
                    call.Err.WriteLine($"Failed to remove {kind} {id}: {failure.Message}");
                    whole = false;
                }
            }

            if (!whole)
            {
                failures.Add($"Failed to remove some resources from stack: {stack}");
            }
            else if (!call.Get(Detach))
            {
                await WaitAsync(call, stack, cancellation);
            }
        }

        return failures.Count == 0 ? 0 : throw new CliException(string.Join('\n', failures));
    }

    /// <summary>The tasks of a service that was just removed may hold its networks for a moment; Docker's CLI gives up there, this tries on.</summary>
    private static async Task DeleteAsync(Invocation call, string path, CancellationToken cancellation)
    {
        DateTimeOffset limit = call.Terminal.Time.GetUtcNow() + LongestHold;
        while (true)
        {
            try
            {
                await call.Engine.DeleteAsync(path, cancellation);
                return;
            }
            catch (EngineException failure) when (failure.Reason.Contains(" is in use by task ", StringComparison.Ordinal) && call.Terminal.Time.GetUtcNow() < limit)
            {
                await Task.Delay(Pause, call.Terminal.Time, cancellation);
            }
        }
    }

    private static async Task WaitAsync(Invocation call, string stack, CancellationToken cancellation)
    {
        while (true)
        {
            List<WireTask> tasks = await call.Engine.GetAsync(new Query("/tasks").Of(stack).ToString(), WireJson.Default.ListWireTask, cancellation);
            if (tasks.TrueForAll(static task => task.Status?.State is "complete" or "shutdown" or "failed" or "rejected" or "remove" or "orphaned"))
            {
                return;
            }

            await Task.Delay(Pause, call.Terminal.Time, cancellation);
        }
    }
}
