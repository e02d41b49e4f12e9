using Microsoft.AspNetCore.Http;
using Skep.Api.Http;

namespace Skep.Api.Cluster;

/// <summary>Stacks: ours, not Docker's, to whom they are labels.</summary>
internal static class StackRoutes
{
    public static void AddTo(RouteTable routes) => routes.Add("POST", "/stacks/{name}/check", CheckAsync);

    /// <summary>What a deployment would be refused for, asked before any of it is done (ADR 0019).</summary>
    private static async Task CheckAsync(ApiCall call, CancellationToken ct)
    {
        StackDryRun rehearsal = new StackDryRun(call, await call.Control.DryRunAsync(ct), call["name"]);
        await rehearsal.RunAsync(await call.ReadAsync(WireJson.Default.WireStackCheck, ct), ct);
        await call.AnswerAsync(StatusCodes.Status200OK);
    }
}
