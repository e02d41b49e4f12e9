using Skep.Engine.Containerd;

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
        FoundContainer? exact = containers.Find(name) ?? (_standalone.FindByName(name) is { } own ? containers.Find(own.Id) : containers.FindByName(name));
        if (exact is not null)
        {
            return exact;
        }

        IReadOnlyList<FoundContainer> byPrefix = containers.FindByPrefix(name, most: 2);
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
