using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skep.Api.Http;

namespace Skep.Api.Relay;

/// <summary>What a manager may ask of another node's Engine API: what concerns the container of a task, and no other path.</summary>
/// <remarks>
/// Held where the call arrives, not where it is sent. A manager that is no longer one, or one that was broken into, does not get the API of a whole machine with it.
/// </remarks>
public static class RelayRules
{
    /// <summary>Of a container, by what may be done with each. Not: creating, removing, renaming, starting; those are the cluster's business.</summary>
    private static readonly Dictionary<string, string[]> ContainerActions = new(StringComparer.Ordinal)
    {
        ["json"] = ["GET"],
        ["logs"] = ["GET"],
        ["exec"] = ["POST"],
        ["stats"] = ["GET"],
        ["top"] = ["GET"],
        ["changes"] = ["GET"],
        ["archive"] = ["GET", "HEAD", "PUT"],
        ["export"] = ["GET"],
        ["attach"] = ["POST"],
        ["resize"] = ["POST"],
        ["wait"] = ["POST"],
        ["kill"] = ["POST"],
        ["stop"] = ["POST"],
        ["restart"] = ["POST"],
        ["pause"] = ["POST"],
        ["unpause"] = ["POST"],
    };

    private static readonly Dictionary<string, string[]> ExecActions = new(StringComparer.Ordinal)
    {
        ["start"] = ["POST"],
        ["resize"] = ["POST"],
        ["json"] = ["GET"],
    };

    /// <summary>Marks the connections of this listener as relayed by another node.</summary>
    public static ListenOptions UseRelay(this ListenOptions listen)
    {
        listen.Use(next => connection =>
        {
            connection.Features.Set(new Relayed());
            return next(connection);
        });
        return listen;
    }

    /// <summary>Refuses on relayed connections what may not be relayed. To be called before anything is served.</summary>
    public static void UseRelayRules(this IApplicationBuilder app) => app.Use((http, next) =>
        http.Features.Get<Relayed>() is null || Allows(http.Request.Method, http.Request.Path.Value ?? "/") ? next(http) : RefuseAsync(http));

    /// <param name="path">With or without the API's version.</param>
    internal static bool Allows(string method, string path)
    {
        string[] parts = (ApiVersion.TryStrip(path, out _, out string? rest) ? rest : path).Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts is [var kind, _, var action]
            && (kind switch { "containers" => ContainerActions, "exec" => ExecActions, _ => null })?.GetValueOrDefault(action)?.Contains(method) == true;
    }

    /// <summary>Whether managers relay this action of a container at all, whatever the method.</summary>
    internal static bool IsOfContainers(string action) => ContainerActions.ContainsKey(action);

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return http.Response.WriteAsJsonAsync(
            new WireError { Message = $"{http.Request.Method} {http.Request.Path} is not relayed: managers reach the containers of tasks only, and neither make nor remove them" },
            WireJson.Default.WireError,
            cancellationToken: http.RequestAborted);
    }

    private sealed class Relayed;
}
