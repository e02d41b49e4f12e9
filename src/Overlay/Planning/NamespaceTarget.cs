namespace Skep.Overlay.Planning;

/// <summary>What one namespace is to hold, and the part of the desired picture that says so.</summary>
internal sealed class NamespaceTarget(NamespaceKey key, object inputs)
{
    public NamespaceKey Key => key;

    public object Inputs => inputs;

    public SortedDictionary<ObjectKey, KernelObject> Objects { get; } = [];

    public TableTarget? Table { get; init; }

    public void Add(KernelObject wanted) => Objects[wanted.Key] = wanted;
}
