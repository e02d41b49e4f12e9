using Skep.Engine.Containerd;
using Skep.Engine.Containers;

namespace Skep.Engine;

public sealed partial class ContainerEngine
{
    /// <summary>The container of that id, name or unambiguous beginning of an id: of a task or standalone, running or not.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.InvalidArgument"/>: several ids begin so.</exception>
    internal FoundContainer FindContainer(string name)
    {
        name = name.TrimStart('/');
        if (name.Length == 0)
        {
            throw NoSuchContainer(name);
        }

        ContainerIndex containers = _shop.Runtime.Containers;
        StandaloneContainer? own = (_standalone.ById(name) ?? _standalone.FindByName(name)) is { IsRecorded: true } recorded ? recorded : null;
        FoundContainer? exact = containers.Find(name) ?? (own is not null ? containers.Find(own.Id) ?? own.ToFound() : containers.FindByName(name));
        if (exact is not null)
        {
            return exact;
        }

        FoundContainer[] byPrefix =
            [.. containers.FindByPrefix(name, most: 2).Concat(_standalone.Bodiless.Where(c => c.Id.StartsWith(name, StringComparison.Ordinal))).DistinctBy(c => c.Id).Take(2)];
        return byPrefix switch
        {
            [var only] => only,
            [] => throw NoSuchContainer(name),
            _ => throw ClusterException.Invalid($"Multiple IDs found with provided prefix: {name}"),
        };
    }

    /// <summary>Whether the node has a container of that name; what <see cref="FindContainer"/> finds.</summary>
    public bool HasContainer(string name)
    {
        try
        {
            FindContainer(name);
            return true;
        }
        catch (ClusterException e) when (e.Kind == ErrorKind.NotFound)
        {
            return false;
        }
    }

    private static ClusterException NoSuchContainer(string name) => new(ErrorKind.NotFound, $"No such container: {name}");

    private string NameOf(FoundContainer container) => _standalone.ById(container.Id) is { } standalone ? standalone.Record.Name : _owner.NameOf(container) ?? container.Id[..12];
}
