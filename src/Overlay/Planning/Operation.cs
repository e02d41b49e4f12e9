using Skep.Overlay.Nftables;

namespace Skep.Overlay.Planning;

/// <summary>One step of a plan.</summary>
internal abstract record Operation(NamespaceKey Namespace)
{
    /// <summary>A router namespace with its settings.</summary>
    public sealed record MakeRouter(NamespaceKey Namespace) : Operation(Namespace);

    public sealed record DropRouter(NamespaceKey Namespace) : Operation(Namespace);

    /// <summary>Makes an object, or changes <see cref="Before"/> into it.</summary>
    public sealed record Put(NamespaceKey Namespace, KernelObject Object, KernelObject? Before) : Operation(Namespace);

    public sealed record Take(NamespaceKey Namespace, KernelObject Object) : Operation(Namespace);

    /// <summary>One nft transaction.</summary>
    public sealed record ChangeTable(NamespaceKey Namespace, TableChange Change) : Operation(Namespace);

    /// <summary>UDP flows to a backend that ended.</summary>
    public sealed record DeleteFlows(NamespaceKey Namespace, Ipv4Address Backend) : Operation(Namespace);
}

/// <summary>Steps in the order to take them, and what they bring about.</summary>
/// <param name="Inputs">For each namespace the part of the desired picture that holds when all steps succeeded.</param>
internal sealed record NetworkPlan(List<Operation> Operations, List<(NamespaceKey Namespace, object Inputs)> Inputs, ValueMap<NetworkId, string> Refused)
{
    /// <summary>Kernel objects changed.</summary>
    public int Count => Operations.Sum(o => o switch
    {
        Operation.ChangeTable change => change.Change.Count,
        _ => 1,
    });
}
