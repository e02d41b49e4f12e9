namespace Skep.Manager.Control;

/// <summary>Configs: made, relabelled, removed. Their data never changes under one name.</summary>
public sealed class ConfigControl
{
    /// <summary>Source: moby/swarmkit:manager/controlapi/config.go.</summary>
    public const int MaxBytes = 1000 * 1024;

    private readonly ControlCommits _commits;
    private readonly IdSource _ids;

    internal ConfigControl(ControlCommits commits, IdSource ids)
    {
        _commits = commits;
        _ids = ids;
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/>: the name is taken. <see cref="ErrorKind.InvalidArgument"/>: name, size or template.</exception>
    public async Task<ConfigId> CreateAsync(ConfigSpec spec, CancellationToken ct)
    {
        NameRules.CheckSecretName(spec.Annotations.Name);
        NameRules.CheckTemplating(spec.Templating);
        if (spec.Data.Count is 0 or >= MaxBytes)
        {
            throw ClusterException.Invalid($"config data must be larger than 0 and less than {MaxBytes} bytes");
        }

        var id = new ConfigId(_ids.Next());
        return await _commits.CommitAsync(
            _ => new ControlPlan<ConfigId>([new StoreChange.Create(new Config(id) { Spec = spec })], id),
            (_, _) => new ClusterException(ErrorKind.AlreadyExists, $"config {spec.Annotations.Name} already exists"),
            ct);
    }

    /// <summary>Changes labels. Data may be left out.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: something else would change. <see cref="ErrorKind.OutOfSequence"/>.</exception>
    public Task UpdateAsync(string name, ulong version, ConfigSpec spec, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Config config = view.Config(name);
            ControlCommits.RequireVersion(config, version);
            ConfigSpec relabelled = config.Spec with { Annotations = config.Spec.Annotations with { Labels = spec.Annotations.Labels } };
            if (relabelled != spec && relabelled with { Data = [] } != spec)
            {
                throw ClusterException.Invalid("only updates to Labels are allowed");
            }

            return new ControlPlan<bool>([new StoreChange.Update(config with { Spec = relabelled })], true);
        },
        ct);

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: services use it.</exception>
    public Task RemoveAsync(string name, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Config config = view.Config(name);
            ServiceReferences.RequireUnused(view, "config", config.Name, c => c.Configs.Any(r => r.Id == config.Id));
            return new ControlPlan<bool>([StoreChange.Remove.Of(config)], true);
        },
        ct);
}
