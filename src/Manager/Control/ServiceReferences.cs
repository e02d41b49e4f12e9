namespace Skep.Manager.Control;

/// <summary>What a service refers to: networks, secrets, configs. Names of networks become ids, as clients that read the spec back expect.</summary>
internal static class ServiceReferences
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.PermissionDenied"/> or <see cref="ErrorKind.InvalidArgument"/>.</exception>
    public static ServiceSpec Resolve(ServiceSpec spec, StoreView view)
    {
        foreach (SecretReference secret in spec.Task.Container.Secrets)
        {
            if (view.Secrets.Find(secret.Id) is null)
            {
                throw ClusterException.Invalid($"secret not found: {NameOr(secret.Name, secret.Id.Value)}");
            }
        }

        foreach (ConfigReference config in spec.Task.Container.Configs)
        {
            if (view.Configs.Find(config.Id) is null)
            {
                throw ClusterException.Invalid($"config not found: {NameOr(config.Name, config.Id.Value)}");
            }
        }

        ValueList<NetworkAttachmentSpec> networks = spec.Task.Networks.Select(n => n with { Target = NetworkFor(n.Target, view).Id.Value }).ToValueList();
        if (networks.DistinctBy(n => n.Target, StringComparer.Ordinal).Count() != networks.Count)
        {
            throw ClusterException.Invalid("TaskSpec: a network is named twice");
        }

        return spec with { Task = spec.Task with { Networks = networks, LogDriver = Named(spec.Task.LogDriver, view) } };
    }

    /// <summary>Options without a driver are meant for the default one.</summary>
    private static Driver? Named(Driver? logDriver, StoreView view)
        => logDriver is { Name.Length: 0 } ? logDriver with { Name = view.Cluster?.Spec.DefaultLogDriver?.Name ?? "json-file" } : logDriver;

    /// <summary>They must still be there when the batch is applied.</summary>
    public static ValueList<StoreChange> Required(ServiceSpec spec)
    {
        IEnumerable<ObjectRef> targets = spec.Task.Networks.Select(n => new ObjectRef(ObjectKind.Network, n.Target))
            .Concat(spec.Task.Container.Secrets.Select(s => new ObjectRef(ObjectKind.Secret, s.Id.Value)))
            .Concat(spec.Task.Container.Configs.Select(c => new ObjectRef(ObjectKind.Config, c.Id.Value)));
        return targets.Distinct().Select(t => (StoreChange)new StoreChange.Require(t.Kind, t.Key, ObjectVersion.None)).ToValueList();
    }

    /// <summary>Refuses to remove what services still refer to.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>, with the services' names.</exception>
    public static void RequireUnused(StoreView view, string kind, string name, Func<ContainerSpec, bool> uses)
    {
        string[] users = [.. view.Services.Where(s => uses(s.Spec.Task.Container)).Select(s => s.Name)];
        if (users.Length > 0)
        {
            throw ClusterException.Invalid($"{kind} '{name}' is in use by the following service{(users.Length > 1 ? "s" : "")}: {string.Join(", ", users)}");
        }
    }

    private static Network NetworkFor(string target, StoreView view)
    {
        Network network = view.Network(target);
        if (network.Spec.Ingress)
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"Service cannot be explicitly attached to the ingress network \"{network.Name}\"");
        }

        return network;
    }

    private static string NameOr(string name, string id) => name.Length > 0 ? name : id;
}
