namespace Skep.Manager.Control;

/// <summary>Secrets: made, relabelled, removed. Their data never changes under one name.</summary>
public sealed class SecretControl
{
    /// <summary>Source: moby/swarmkit:api/validation/secrets.go.</summary>
    public const int MaxBytes = 500 * 1024;

    private readonly ControlCommits _commits;
    private readonly IdSource _ids;

    internal SecretControl(ControlCommits commits, IdSource ids)
    {
        _commits = commits;
        _ids = ids;
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/>: the name is taken. <see cref="ErrorKind.InvalidArgument"/>: name, size or driver.</exception>
    public async Task<SecretId> CreateAsync(SecretSpec spec, CancellationToken ct)
    {
        NameRules.CheckSecretName(spec.Annotations.Name);
        NameRules.CheckTemplating(spec.Templating);
        if (spec.Driver is { } driver)
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"secret driver '{driver.Name}' is not known: secrets from drivers are not supported");
        }

        if (spec.Data.Length is 0 or >= MaxBytes)
        {
            throw ClusterException.Invalid($"secret data must be larger than 0 and less than {MaxBytes} bytes");
        }

        var id = new SecretId(_ids.Next());
        return await _commits.CommitAsync(
            _ => new ControlPlan<SecretId>([new StoreChange.Create(new Secret(id) { Spec = spec })], id),
            (_, _) => new ClusterException(ErrorKind.AlreadyExists, $"secret {spec.Annotations.Name} already exists"),
            ct);
    }

    /// <summary>Changes labels. Data may be left out.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: something else would change. <see cref="ErrorKind.OutOfSequence"/>.</exception>
    public Task UpdateAsync(string name, ulong version, SecretSpec spec, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Secret secret = view.Secret(name);
            ControlCommits.RequireVersion(secret, version);
            SecretSpec relabelled = secret.Spec with { Annotations = secret.Spec.Annotations with { Labels = spec.Annotations.Labels } };
            if (relabelled != spec && relabelled with { Data = default } != spec)
            {
                throw ClusterException.Invalid("only updates to Labels are allowed");
            }

            return new ControlPlan<bool>([new StoreChange.Update(secret with { Spec = relabelled })], true);
        },
        ct);

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: services use it.</exception>
    public Task RemoveAsync(string name, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Secret secret = view.Secret(name);
            ServiceReferences.RequireUnused(view, "secret", secret.Name, c => c.Secrets.Any(r => r.Id == secret.Id));
            return new ControlPlan<bool>([StoreChange.Remove.Of(secret)], true);
        },
        ct);
}
