namespace Skep.Model;

/// <summary>A network of the cluster.</summary>
public sealed record Network(NetworkId Id) : IStoredObject
{
    public ObjectVersion Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public required NetworkSpec Spec { get; init; }

    /// <summary>Written by the allocator; null until then.</summary>
    public NetworkAllocation? Allocation { get; init; }

    /// <summary>
    /// A user removed it while containers still stop on it: its name is free and nobody finds it any more, but its subnet, number and addresses are kept, and its data plane
    /// with them, until the last of these has ended.
    /// </summary>
    public bool IsRemoved { get; init; }

    ObjectKind IStoredObject.Kind => ObjectKind.Network;

    string IStoredObject.Key => Id.Value;

    public string Name => Spec.Annotations.Name;

    IEnumerable<string> IStoredObject.UniqueKeys
    {
        get
        {
            if (!IsRemoved)
            {
                yield return $"network:{Name}";
            }

            if (Allocation is { Vni: not 0 })
            {
                yield return $"vni:{Allocation.Vni}";
            }
        }
    }

    IStoredObject IStoredObject.Stamped(ObjectVersion version, DateTimeOffset createdAt, DateTimeOffset updatedAt)
        => this with { Version = version, CreatedAt = createdAt, UpdatedAt = updatedAt };
}

/// <param name="Vni">VXLAN id, from 4096 on; 0 for networks of the node itself (host, none, macvlan).</param>
public sealed record NetworkAllocation(int Vni, Ipv4Prefix Subnet, Ipv4Address Gateway)
{
    public Ipv4Prefix? Range { get; init; }

    public int Mtu { get; init; } = 1450;
}
