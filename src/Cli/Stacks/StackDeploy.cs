using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Compose;
using Skep.Wire;

namespace Skep.Cli.Stacks;

/// <summary><c>stack deploy</c>: makes the cluster hold what the compose files ask for.</summary>
internal static class StackDeploy
{
    private static readonly Flag<bool> Detach = Flag.Switch("detach", "Exit immediately instead of waiting for the stack services to converge", 'd', byDefault: true);
    private static readonly Flag<bool> Prune = Flag.Switch("prune", "Prune services that are no longer referenced");
    private static readonly Flag<string> ResolveImage = Flag.Text("resolve-image", "Query the registry to resolve image digest and supported platforms (\"always\", \"changed\", \"never\")", byDefault: "always");
    private static readonly Flag<bool> WithAuth = Flag.Switch("with-registry-auth", "Send registry authentication details to Swarm agents");

    public static readonly Verb Deploy = new("[OPTIONS] STACK", "Deploy a new stack or update an existing stack", Arity.One,
        [ComposeFiles.Files, Detach, Prune, CommonFlags.QuietProgress, ResolveImage, WithAuth], RunAsync);

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        string stack = StackNames.Check(call.Arguments[0]);
        string resolve = call.Get(ResolveImage);
        if (resolve is not ("always" or "changed" or "never"))
        {
            throw new CliException($"Invalid option {resolve} for flag --resolve-image");
        }

        ComposeProject project = ComposeFiles.Load(call, new ComposeLoadOptions());
        foreach (string warning in project.Warnings)
        {
            call.Err.WriteLine(warning);
        }

        StackConverter.CheckImages(project);
        if (call.Get(Detach) && !call.Given(Detach))
        {
            call.Err.WriteLine("Since --detach=false was not specified, tasks will be created in the background.\nIn a future release, --detach=false will become the default.");
        }

        StackPlan plan = StackConverter.Convert(project, stack);
        WireInfo info = await call.Engine.GetAsync("/info", WireJson.Default.WireInfo, cancellation);
        if (info.Swarm?.ControlAvailable != true)
        {
            throw new CliException("this node is not a swarm manager. Use \"skep swarm init\" or \"skep swarm join\" to connect this node to swarm and try again");
        }

        StackApplier applier = new(call, stack, resolve, call.Get(WithAuth));
        await applier.ExternalNetworksAsync(plan, cancellation);
        if (info.ChecksStacks)
        {
            await applier.CheckAsync(plan, call.Get(Prune), cancellation);
        }

        if (call.Get(Prune))
        {
            await applier.PruneAsync(plan, cancellation);
        }

        await applier.NetworksAsync(plan, cancellation);
        await applier.SecretsAsync(plan, cancellation);
        await applier.ConfigsAsync(plan, cancellation);
        List<KeyValuePair<string, string>> services = await applier.ServicesAsync(plan, cancellation);
        if (!call.Get(Detach))
        {
            await new ServiceWaiter(call.Engine, call.Terminal, call.Get(CommonFlags.QuietProgress)).WaitAllAsync(services, cancellation);
        }

        return 0;
    }
}
