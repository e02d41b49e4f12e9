using System.Globalization;

namespace Skep.Scheduler;

/// <summary>A port of the node itself that a task has open.</summary>
internal readonly record struct HostPort(PortProtocol Protocol, int Number)
{
    /// <summary>What a task opens on its node; empty for most.</summary>
    public static IEnumerable<HostPort> Of(SwarmTask task)
        => task.Endpoint is null
            ? []
            : task.Endpoint.Ports.Where(p => p is { Mode: PublishMode.Host, PublishedPort: not 0 }).Select(p => new HostPort(p.Protocol, p.PublishedPort)).Distinct();
}

/// <summary>A node and what its tasks hold of it.</summary>
internal sealed class NodeLoad(NodeId id)
{
    public NodeId Id { get; } = id;

    /// <summary>Null: tasks name it, but there is no such node (any more).</summary>
    public Node? Node { get; set; }

    public long UsedNanoCpus { get; private set; }

    public long UsedMemoryBytes { get; private set; }

    /// <summary>Tasks that run or are to run.</summary>
    public int ActiveTasks { get; set; }

    /// <summary>Tasks that hold resources, whether or not they are still wanted.</summary>
    public int HoldingTasks { get; private set; }

    private SortedDictionary<string, long>? _usedGeneric;
    private Dictionary<HostPort, int>? _ports;

    public void Hold(SwarmTask task, int sign)
    {
        HoldingTasks += sign;
        if (task.Spec.Reservations is { } reserved)
        {
            UsedNanoCpus += sign * reserved.NanoCpus;
            UsedMemoryBytes += sign * reserved.MemoryBytes;
            foreach (GenericResource resource in reserved.Generic)
            {
                _usedGeneric ??= new SortedDictionary<string, long>(StringComparer.Ordinal);
                _usedGeneric[resource.Kind] = _usedGeneric.GetValueOrDefault(resource.Kind) + sign * GenericCount.Of(resource);
            }
        }

        foreach (HostPort port in HostPort.Of(task))
        {
            _ports ??= [];
            _ports[port] = _ports.GetValueOrDefault(port) + sign;
        }
    }

    public bool IsPortUsed(HostPort port) => _ports is not null && _ports.GetValueOrDefault(port) > 0;

    public long FreeGeneric(string kind) => GenericCount.In(Node?.Description?.Resources, kind) - (_usedGeneric?.GetValueOrDefault(kind) ?? 0);

    /// <summary>All of it as text, for comparing two pictures.</summary>
    public override string ToString()
    {
        string generic = string.Join(',', (_usedGeneric ?? []).Where(p => p.Value != 0).Select(p => $"{p.Key}:{p.Value}"));
        string ports = string.Join(',', (_ports ?? []).Where(p => p.Value != 0).OrderBy(p => p.Key.Number).ThenBy(p => p.Key.Protocol).Select(p => $"{p.Key.Protocol}/{p.Key.Number}x{p.Value}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Id} v{Node?.Version} cpu={UsedNanoCpus} memory={UsedMemoryBytes} active={ActiveTasks} holding={HoldingTasks} generic=[{generic}] ports=[{ports}]");
    }
}

/// <summary>Counting generic resources: a named piece counts as one.</summary>
internal static class GenericCount
{
    public static long Of(GenericResource resource) => resource.NamedValue is null ? resource.Count : 1;

    public static long In(Resources? resources, string kind)
    {
        long count = 0;
        foreach (GenericResource resource in resources?.Generic ?? [])
        {
            count += resource.Kind == kind ? Of(resource) : 0;
        }

        return count;
    }
}
