using Skep.Engine.Containerd;

namespace Skep.Engine;

public sealed partial class ContainerEngine
{
    /// <summary>The container of that id, name or unambiguous beginning of an id: of a task or standalone, running or not.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.InvalidArgument"/>: several ids begin so.</exception>
    internal async Task<FoundContainer> FindContainerAsync(string name, CancellationToken ct)
    {
        name = name.TrimStart('/');
        if (name.Length == 0)
        {
            throw NoSuchContainer(name);
        }

        IReadOnlyList<FoundContainer> all = await _shop.Runtime.ListAsync(ct);
        if (all.FirstOrDefault(c => c.Id == name || NameOf(c) == name) is { } exact)
        {
            return exact;
        }

        FoundContainer[] byPrefix = [.. all.Where(c => c.Id.StartsWith(name, StringComparison.Ordinal)).Take(2)];
        return byPrefix switch
        {
            [var only] => only,
            [] => throw NoSuchContainer(name),
            _ => throw ClusterException.Invalid($"Multiple IDs found with provided prefix: {name}"),
        };
    }

    private static ClusterException NoSuchContainer(string name) => new(ErrorKind.NotFound, $"No such container: {name}");

    private string NameOf(FoundContainer container) => _standalone.ById(container.Id) is { } standalone ? standalone.Record.Name : _owner.NameOf(container) ?? container.Id[..12];
}
