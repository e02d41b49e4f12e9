using Skep.Model;

namespace Skep.Wire.Mapping;

/// <summary>Secrets and configs. What goes out carries a config's data and never a secret's.</summary>
public static class SecretMapping
{
    public static WireSecret ToWire(this Secret secret) => new()
    {
        Id = secret.Id.Value,
        Version = secret.Version.ToWire(),
        CreatedAt = secret.CreatedAt,
        UpdatedAt = secret.UpdatedAt,
        Spec = new WireSecretSpec
        {
            Name = secret.Name,
            Labels = secret.Spec.Annotations.Labels.ToWire(),
            Driver = secret.Spec.Driver?.ToWire(),
            Templating = secret.Spec.Templating?.ToWire(),
        },
    };

    /// <summary>The request that creates such a secret: the one place where its data leaves as JSON, on the client's side.</summary>
    public static WireSecretSpec ToRequest(this SecretSpec spec) => new()
    {
        Name = spec.Annotations.Name,
        Labels = spec.Annotations.Labels.ToWire(),
        Data = spec.Data.Length == 0 ? null : spec.Data.Reveal().ToArray(),
        Driver = spec.Driver?.ToWire(),
        Templating = spec.Templating?.ToWire(),
    };

    public static SecretSpec ToModel(this WireSecretSpec spec) => new(OmitEmpty.Annotations(spec.Name, spec.Labels))
    {
        Data = SensitiveBytes.From(spec.Data),
        Driver = spec.Driver?.ToModel(),
        Templating = spec.Templating?.ToModel(),
    };

    public static WireConfig ToWire(this Config config) => new()
    {
        Id = config.Id.Value,
        Version = config.Version.ToWire(),
        CreatedAt = config.CreatedAt,
        UpdatedAt = config.UpdatedAt,
        Spec = config.Spec.ToWire(),
    };

    public static WireConfigSpec ToWire(this ConfigSpec spec) => new()
    {
        Name = spec.Annotations.Name,
        Labels = spec.Annotations.Labels.ToWire(),
        Data = spec.Data.IsEmpty ? null : spec.Data.AsSpan().ToArray(),
        Templating = spec.Templating?.ToWire(),
    };

    public static ConfigSpec ToModel(this WireConfigSpec spec) => new(OmitEmpty.Annotations(spec.Name, spec.Labels))
    {
        Data = spec.Data is { } data ? [.. data] : [],
        Templating = spec.Templating?.ToModel(),
    };
}
