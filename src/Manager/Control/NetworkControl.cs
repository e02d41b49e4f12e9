using Skep.Manager.Orchestration;

namespace Skep.Manager.Control;

/// <summary>Networks of the cluster: made and removed. They never change.</summary>
public sealed class NetworkControl
{
    private readonly ControlCommits _commits;
    private readonly IdSource _ids;

    internal NetworkControl(ControlCommits commits, IdSource ids)
    {
        _commits = commits;
        _ids = ids;
    }

    /// <exception cref="ClusterException">
    /// <see cref="ErrorKind.AlreadyExists"/>: the name is taken, or a second ingress network. <see cref="ErrorKind.PermissionDenied"/>: a reserved name.
    /// <see cref="ErrorKind.NotImplemented"/>: a driver or option no node has.
    /// </exception>
    public async Task<NetworkId> CreateAsync(NetworkSpec spec, CancellationToken ct)
    {
        NetworkRules.Check(spec);
        var id = new NetworkId(_ids.Next());
        return await _commits.CommitAsync(
            view =>
            {
                if (spec.Ingress && view.Networks.FirstOrDefault(n => n.Spec.Ingress) is { } ingress)
                {
                    throw new ClusterException(ErrorKind.AlreadyExists, $"ingress network ({ingress.Id}) is already present");
                }

                NetworkRules.CheckOverlap(spec, view);
                return new ControlPlan<NetworkId>([new StoreChange.Create(new Network(id) { Spec = spec })], id);
            },
            (_, _) => new ClusterException(ErrorKind.AlreadyExists, $"network with name {spec.Annotations.Name} already exists"),
            ct);
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: in use. <see cref="ErrorKind.PermissionDenied"/>: predefined.</exception>
    public Task RemoveAsync(string name, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Network network = view.Network(name);
            RequireUnused(network, view);
            return new ControlPlan<bool>([RemovedNetworks.Removal(network, view)], true);
        },
        ct);

    /// <summary>Removes the networks that nothing uses, predefined and ingress ones aside.</summary>
    /// <param name="selected">Which of them.</param>
    /// <returns>Names of those removed.</returns>
    public Task<ValueList<string>> PruneAsync(Func<Network, bool> selected, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Network[] idle = [.. view.Networks.Where(n => !n.IsRemoved && !n.Spec.Ingress && !n.IsPredefined() && selected(n) && UserOf(n, view) is null)];
            return new ControlPlan<ValueList<string>>(idle.Select(n => RemovedNetworks.Removal(n, view)).ToValueList(), idle.Select(n => n.Name).ToValueList());
        },
        ct);

    private static void RequireUnused(Network network, StoreView view)
    {
        if (network.IsPredefined())
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"{network.Name} is a pre-defined network and cannot be removed");
        }

        if (network.Spec.Ingress && view.Services.FirstOrDefault(UsesMesh) is { } dependent)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"ingress network cannot be removed because service {dependent.Id} depends on it");
        }

        if (UserOf(network, view) is { } user)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"network {network.Id} is in use by {user}");
        }
    }

    private static bool UsesMesh(Service service)
        => service.Spec.Endpoint is { } endpoint && endpoint.Ports.Any(p => p.Mode == PublishMode.Ingress);

    /// <summary>Tasks on their way out do not count, nor those of removed services: <c>stack rm</c> removes services and networks in one go. What of them still stops keeps its network (<see cref="RemovedNetworks"/>).</summary>
    private static string? UserOf(Network network, StoreView view)
    {
        Service? service = view.Services.FirstOrDefault(
            s => s.Spec.Task.Networks.Any(n => n.Target == network.Id.Value || n.Target == network.Name));
        if (service is not null)
        {
            return $"service {service.Id}";
        }

        SwarmTask? task = network.Spec.Ingress
            ? null
            : view.Tasks.FirstOrDefault(t => t.IsLive
                && (t.Attachment is not null || view.Services.Find(t.ServiceId) is not null) && t.Networks.Any(n => n.Network == network.Id));
        return task is null ? null : $"task {task.Id}";
    }
}
