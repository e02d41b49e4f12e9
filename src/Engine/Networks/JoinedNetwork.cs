using Skep.Engine.Containers;

namespace Skep.Engine.Networks;

/// <summary>The network of a container.</summary>
/// <param name="Namespace">File of its network namespace; null: the host's; empty: a new, empty one.</param>
/// <param name="ResolvConf">Null: the host's, with the container's DNS settings.</param>
/// <param name="Endpoints">As inspect shows them.</param>
/// <param name="Ports">Opened on this node alone.</param>
internal sealed record JoinedNetwork(string? Namespace, string? ResolvConf, ValueList<LocalEndpoint> Endpoints, ValueList<PortConfig> Ports);
