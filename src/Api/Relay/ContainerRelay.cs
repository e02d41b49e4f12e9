using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Relay;

/// <summary>Finds, for requests about a container, the node it is on. Managers answer for the containers of every task in the cluster.</summary>
/// <remarks>What is here comes first, so nothing changes for a node's own containers. A relayed request is never relayed again.</remarks>
internal static class ContainerRelay
{
    private const int EndingDigits = 16;

    /// <summary>The last digits of the ids of a node's execs, by which any manager knows where they run.</summary>
    public static string ExecEndingOf(NodeId node) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"skep-exec:{node}")))[..EndingDigits];

    /// <returns>The path to serve here, with a task's name replaced by its container's id; or that the request was answered by another node.</returns>
    public static async Task<(string Path, bool IsAnswered)> RouteAsync(HttpContext http, INodeContext node, ApiVersion version, string path, CancellationToken ct)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 3 || parts[0] is not ("containers" or "exec") || node.Control is not { } control || node.Local is not { } local
            || http.Request.Headers.ContainsKey(RelayedCall.Marker))
        {
            return (path, false);
        }

        NodeId? self = node.Lifecycle.State().Node;
        StoreView view = control.View();
        if (parts[0] == "exec")
        {
            Node? place = parts[1].Length > EndingDigits ? view.Nodes.FirstOrDefault(n => n.Id != self && parts[1].EndsWith(ExecEndingOf(n.Id), StringComparison.Ordinal)) : null;
            if (place is null)
            {
                return (path, false);
            }

            await RelayedCall.RunAsync(http, node, version, path, control.Tunnels.Open(place), ct);
            return (path, true);
        }

        if (!RelayRules.IsOfContainers(parts[2]) || local.HasContainer(parts[1]) || TaskContainers.Find(view, parts[1]) is not { } task)
        {
            return (path, false);
        }

        // `docker inspect TASK` asks for a container first and for the task when there is none: a task's id must stay the task's.
        if (parts[2] == "json" && task.Id.Value.StartsWith(parts[1], StringComparison.Ordinal))
        {
            return (path, false);
        }

        if (task.Node is not { } home || view.Nodes.Find(home) is not { } far)
        {
            string why = task.Status.Error.Length > 0 ? task.Status.Error : task.Status.Message;
            throw new ClusterException(ErrorKind.AlreadyExists, $"task {task.Name} has no container yet: it is {task.Status.State.ToString().ToLowerInvariant()} ({why})");
        }

        string there = $"/containers/{task.Id.ContainerId}/{parts[2]}";
        if (home == self)
        {
            return (there, false);
        }

        await RelayedCall.RunAsync(http, node, version, there, control.Tunnels.Open(far), ct);
        return (path, true);
    }
}
