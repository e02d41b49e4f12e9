using Skep.Wire;

namespace Skep.Cli.Engine;

/// <summary>Looks up the names of nodes and services, each once in a run.</summary>
internal sealed class NameResolver(EngineClient engine, bool resolve)
{
    private readonly Dictionary<string, string> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _services = new(StringComparer.Ordinal);

    /// <summary>The node's host name; its id where it is gone or names are not wanted.</summary>
    public async Task<string> NodeAsync(string? id, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(id) || !resolve)
        {
            return id ?? "";
        }

        if (!_nodes.TryGetValue(id, out string? name))
        {
            try
            {
                WireNode node = await engine.GetAsync($"/nodes/{id}", WireJson.Default.WireNode, cancellation);
                name = node.Spec?.Name is { Length: > 0 } given ? given : node.Description?.Hostname ?? id;
            }
            catch (EngineException)
            {
                name = id; // gone: its id is all that is known
            }

            _nodes.Add(id, name);
        }

        return name;
    }

    public async Task<string> ServiceAsync(string? id, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(id) || !resolve)
        {
            return id ?? "";
        }

        if (!_services.TryGetValue(id, out string? name))
        {
            try
            {
                WireService service = await engine.GetAsync($"/services/{id}?insertDefaults=false", WireJson.Default.WireService, cancellation);
                name = service.Spec?.Name ?? id;
            }
            catch (EngineException)
            {
                name = id;
            }

            _services.Add(id, name);
        }

        return name;
    }

    /// <summary><c>web.3</c>; for global services <c>web.NODE</c>.</summary>
    public async Task<string> TaskAsync(WireTask task, CancellationToken cancellation)
    {
        string service = await ServiceAsync(task.ServiceId, cancellation);
        return task.Slot != 0
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{service}.{task.Slot}")
            : $"{service}.{task.NodeId}";
    }
}
