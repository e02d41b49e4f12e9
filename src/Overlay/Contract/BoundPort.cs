namespace Skep.Overlay;

/// <summary>A port of one address of the node, or (<see cref="Ipv4Address.Any"/>) of all of them.</summary>
public readonly record struct BoundPort(Ipv4Address Address, PublishedPort Port) : IComparable<BoundPort>
{
    public int CompareTo(BoundPort other) => Address != other.Address ? Address.CompareTo(other.Address) : Port.CompareTo(other.Port);

    public override string ToString() => Address == Ipv4Address.Any ? $"{Port}" : $"{Address}:{Port}";
}
