namespace Skep.Manager.Control;

/// <summary>Networks every cluster has from its first batch on: the mesh's own, and the nodes' own by name, so that services can ask for them.</summary>
/// <remarks>Source: moby/swarmkit:manager/manager.go, newIngressNetwork and newPredefinedNetwork.</remarks>
public static class PredefinedNetworks
{
    /// <summary>Marks networks of the nodes themselves; lists leave them out in favour of the asked node's own.</summary>
    public const string Label = "com.docker.swarm.predefined";

    /// <summary>What a new cluster's first batch creates.</summary>
    public static ValueList<StoreChange> CreateAll(IdSource ids) =>
    [
        new StoreChange.Create(new Network(new NetworkId(ids.Next())) { Spec = new NetworkSpec(new Annotations("ingress")) { Driver = new Driver("overlay"), Ingress = true } }),
        new StoreChange.Create(OfNode(ids, "bridge")),
        new StoreChange.Create(OfNode(ids, "host")),
        new StoreChange.Create(OfNode(ids, "none")),
    ];

    public static bool IsPredefined(this Network network) => network.Spec.Annotations.Labels.ContainsKey(Label);

    /// <summary>True for names that no network of a user may have.</summary>
    public static bool IsReserved(string name) => name is "bridge" or "host" or "none" or "default";

    private static Network OfNode(IdSource ids, string name) => new(new NetworkId(ids.Next()))
    {
        Spec = new NetworkSpec(new Annotations(name) { Labels = ValueMap<string, string>.Empty.Set(Label, "true") })
        {
            Driver = new Driver(name == "none" ? "null" : name),
        },
    };
}
