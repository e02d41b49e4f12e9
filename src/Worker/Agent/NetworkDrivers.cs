namespace Skep.Worker.Agent;

/// <summary>What kind of network an attachment is to.</summary>
internal static class NetworkDrivers
{
    /// <summary>overlay, host, null, bridge … A network the node was not told of is one of its own, known by its name.</summary>
    public static string Of(Network? network, NetworkId id)
    {
        string name = network?.Spec.Driver?.Name is { Length: > 0 } driver ? driver : network?.Allocation is { Vni: > 0 } ? "overlay" : network?.Name ?? id.Value;
        return name == "none" ? "null" : name;
    }
}
