namespace Skep.Store;

/// <summary>An id or a unique key, in ordinal order.</summary>
internal readonly record struct TextKey(string Text) : IComparable<TextKey>
{
    public int CompareTo(TextKey other) => string.CompareOrdinal(Text, other.Text);
}

/// <summary>A name (or host name) and the id of the object that has it: a name that moves within one batch has two holders for a while.</summary>
internal readonly record struct NameKey(string Name, string Id) : IComparable<NameKey>
{
    public int CompareTo(NameKey other)
    {
        int order = string.CompareOrdinal(Name, other.Name);
        return order != 0 ? order : string.CompareOrdinal(Id, other.Id);
    }
}

internal readonly record struct ServiceTaskKey(ServiceId Service, int Slot, TaskId Task) : IComparable<ServiceTaskKey>
{
    public int CompareTo(ServiceTaskKey other)
    {
        int order = Service.CompareTo(other.Service);
        if (order == 0)
        {
            order = Slot.CompareTo(other.Slot);
        }

        return order != 0 ? order : Task.CompareTo(other.Task);
    }
}

internal readonly record struct NodeTaskKey(NodeId Node, TaskId Task) : IComparable<NodeTaskKey>
{
    public int CompareTo(NodeTaskKey other)
    {
        int order = Node.CompareTo(other.Node);
        return order != 0 ? order : Task.CompareTo(other.Task);
    }
}

internal readonly struct Everything<TKey> : IComparable<TKey>
{
    public int CompareTo(TKey? other) => 0;
}

internal readonly struct WithPrefix(string prefix) : IComparable<TextKey>
{
    public int CompareTo(TextKey other) => string.CompareOrdinal(prefix, 0, other.Text, 0, prefix.Length);
}

internal readonly struct WithName(string name) : IComparable<NameKey>
{
    public int CompareTo(NameKey other) => string.CompareOrdinal(name, other.Name);
}

internal readonly struct InService(ServiceId service) : IComparable<ServiceTaskKey>
{
    public int CompareTo(ServiceTaskKey other) => service.CompareTo(other.Service);
}

internal readonly struct InSlot(ServiceId service, int slot) : IComparable<ServiceTaskKey>
{
    public int CompareTo(ServiceTaskKey other)
    {
        int order = service.CompareTo(other.Service);
        return order != 0 ? order : slot.CompareTo(other.Slot);
    }
}

internal readonly struct OnNode(NodeId node) : IComparable<NodeTaskKey>
{
    public int CompareTo(NodeTaskKey other) => node.CompareTo(other.Node);
}
