using Skep.Store;
using Skep.Wire.Mapping;

namespace Skep.Api.Cluster;

/// <summary>Published ports that programs of some nodes have, in words for users. Looked up for each answer: what a node says of itself is no news of a service.</summary>
internal sealed class PortsNotPublished
{
    private readonly Dictionary<string, List<Node>> _holders = new(StringComparer.Ordinal);
    private readonly StoreView _view;

    public PortsNotPublished(StoreView view)
    {
        _view = view;
        foreach (Node node in view.Nodes.Where(n => !n.IsDown))
        {
            foreach (string port in node.Description?.HeldPorts ?? [])
            {
                if (!_holders.TryGetValue(port, out List<Node>? holders))
                {
                    _holders[port] = holders = [];
                }

                holders.Add(node);
            }
        }
    }

    /// <summary>The service with what its ports meet on the nodes, unless worse is to be told of it.</summary>
    public Service Told(Service service)
    {
        if (service.Trouble.Length > 0 || PortsOf(service) is not { Length: > 0 } ports)
        {
            return service;
        }

        return service with { Trouble = string.Join("; ", ports.Select(p => $"port {p} is held by a program of {string.Join(", ", _holders[p].Select(n => $"node {n.Hostname}"))} and is not published there")) };
    }

    /// <summary>The task with what its service's ports meet on its node, unless worse is to be told of it.</summary>
    public SwarmTask Told(SwarmTask task)
    {
        if (_holders.Count == 0 || !task.IsRunning || task.Status.Error.Length > 0 || task.Node is not { } id || _view.Services.Find(task.ServiceId) is not { } service
            || PortsOf(service).Where(p => _holders[p].Exists(n => n.Id == id)).ToArray() is not { Length: > 0 } ports)
        {
            return task;
        }

        return task with { Status = task.Status with { Error = $"port {string.Join(", ", ports)} is held by a program of this node and is not published here" } };
    }

    private string[] PortsOf(Service service) => _holders.Count == 0
        ? []
        : [.. (service.Endpoint?.Ports ?? service.Spec.Endpoint?.Ports ?? []).Where(p => p.Mode == PublishMode.Ingress).Select(p => $"{p.PublishedPort}/{p.Protocol.ToWire()}").Where(_holders.ContainsKey)];
}
