using Skep.Model;

namespace Skep.Compose;

/// <summary>How keys of a file become names in the cluster.</summary>
internal sealed record StackScope(string Stack, ComposeProject Project)
{
    private static readonly ComposeNetwork Unsaid = new();

    /// <summary><c>stack_key</c>, unless the entry has a name of its own.</summary>
    public string Name(string key, string given) => given.Length > 0 ? given : $"{Stack}_{key}";

    /// <summary>The network of a key; one that the file does not describe has all defaults.</summary>
    public ComposeNetwork Network(string key) => Project.Networks.GetValueOrDefault(key, Unsaid);

    public string NetworkName(string key) => Name(key, Network(key).Name);

    public ValueMap<string, string> Labels(IReadOnlyDictionary<string, string> labels) =>
        labels.ToValueMap().Set(StackLabels.Namespace, Stack);

    public Annotations Annotations(string name, IReadOnlyDictionary<string, string> labels) => new(name) { Labels = Labels(labels) };
}
