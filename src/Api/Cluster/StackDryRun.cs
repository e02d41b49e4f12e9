using Skep.Api.Http;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

/// <summary>The requests of one <c>stack deploy</c>, in its order, to a rehearsal of the cluster. The first that is refused is told with what it was about.</summary>
internal sealed class StackDryRun(ApiCall call, ClusterDryRun rehearsal, string stack)
{
    /// <summary>Networks that would be this node's: in a rehearsal nobody makes them, and no service may use them.</summary>
    private readonly HashSet<string> _ofNode = new(StringComparer.Ordinal);

    /// <exception cref="ClusterException">What the request would be refused with, its message begun as clients begin it: <c>failed to create service x: …</c>.</exception>
    public async Task RunAsync(WireStackCheck wanted, CancellationToken ct)
    {
        WireServiceSpec[] services = [.. wanted.Services ?? []];
        if (wanted.Prune)
        {
            await PruneAsync([.. services.Select(s => s.Name)], ct);
        }

        foreach (WireNetworkCreate network in wanted.Networks ?? [])
        {
            await RunStepAsync("create", "network", network.Name, () => NetworkAsync(network, ct));
        }

        foreach (WireSecretSpec secret in wanted.Secrets ?? [])
        {
            Secret? present = rehearsal.View().Secrets.ByName(secret.Name ?? "");
            await RunStepAsync(present is null ? "create" : "update", "secret", secret.Name, () => present is null
                ? rehearsal.Secrets.CreateAsync(secret.ToModel(), ct)
                : rehearsal.Secrets.UpdateAsync(present.Id.Value, present.Version.Index, secret.ToModel(), ct));
        }

        foreach (WireConfigSpec config in wanted.Configs ?? [])
        {
            Config? present = rehearsal.View().Configs.ByName(config.Name ?? "");
            await RunStepAsync(present is null ? "create" : "update", "config", config.Name, () => present is null
                ? rehearsal.Configs.CreateAsync(config.ToModel(), ct)
                : rehearsal.Configs.UpdateAsync(present.Id.Value, present.Version.Index, config.ToModel(), ct));
        }

        foreach (WireServiceSpec service in services)
        {
            Service? present = rehearsal.View().Services.ByName(service.Name ?? "") is { } found && IsOurs(found.Spec.Annotations.Labels) ? found : null;
            await RunStepAsync(present is null ? "create" : "update", "service", service.Name, () => ServiceAsync(service, present, ct));
        }
    }

    private async Task PruneAsync(HashSet<string?> kept, CancellationToken ct)
    {
        foreach (Service service in rehearsal.View().Services.Where(s => IsOurs(s.Spec.Annotations.Labels) && !kept.Contains(s.Name)).ToArray())
        {
            await RunStepAsync("remove", "service", service.Name, () => rehearsal.Services.RemoveAsync(service.Id.Value, ct));
        }
    }

    private async Task NetworkAsync(WireNetworkCreate network, CancellationToken ct)
    {
        string name = network.Name ?? "";
        IReadOnlyDictionary<string, string>? labels = rehearsal.View().Networks.ByName(name)?.Spec.Annotations.Labels ?? call.Node.Local?.FindNetwork(name)?.Labels;
        if ((labels is null || !IsOurs(labels)) && await NetworkRoutes.RehearseAsync(call, network, rehearsal, ct))
        {
            _ofNode.Add(name);
        }
    }

    private async Task ServiceAsync(WireServiceSpec service, Service? present, CancellationToken ct)
    {
        ServiceSpec spec = WithIds(service.ToModel(), rehearsal.View());
        if (present is not null)
        {
            await rehearsal.Services.UpdateAsync(present.Id.Value, new ServiceUpdate(present.Version.Index, spec), ct);
            return;
        }

        ServiceRoutes.RequireOfCluster(spec, rehearsal.View(), target => _ofNode.Contains(target) ? target : call.Node.Local?.FindNetwork(target)?.Name);
        await rehearsal.Services.CreateAsync(spec, ct);
    }

    /// <summary>One that is not there has its name for an id, which is nobody's, and is refused as any unknown one.</summary>
    private static ServiceSpec WithIds(ServiceSpec spec, StoreView view)
    {
        ContainerSpec container = spec.Task.Container;
        return spec with
        {
            Task = spec.Task with
            {
                Container = container with
                {
                    Secrets = container.Secrets.Select(s => s with { Id = view.Secrets.ByName(s.Name)?.Id ?? new SecretId(s.Name) }).ToValueList(),
                    Configs = container.Configs.Select(c => c with { Id = view.Configs.ByName(c.Name)?.Id ?? new ConfigId(c.Name) }).ToValueList(),
                },
            },
        };
    }

    private bool IsOurs(IReadOnlyDictionary<string, string> labels) => labels.TryGetValue(StackLabels.Namespace, out string? of) && of == stack;

    private static async Task RunStepAsync(string verb, string what, string? name, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (ClusterException refused)
        {
            throw new ClusterException(refused.Kind, $"failed to {verb} {what} {name}: {refused.Message}", refused);
        }
    }
}
