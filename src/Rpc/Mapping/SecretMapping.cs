using Skep.Model;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class SecretMapping
{
    public static Proto.Secret ToProto(this Secret secret) => new()
    {
        Id = secret.Id.Value,
        Meta = AnnotationsMapping.MetaOf(secret),
        Spec = new Proto.SecretSpec
        {
            Annotations = secret.Spec.Annotations.ToProto(),
            Data = secret.Spec.Data.ToProto(),
            Driver = secret.Spec.Driver?.ToProto(),
            Templating = secret.Spec.Templating?.ToProto(),
        },
    };

    public static Secret ToModel(this Proto.Secret secret)
    {
        Proto.Meta meta = Need(secret.Meta);
        Proto.SecretSpec spec = Need(secret.Spec);
        return new Secret(new SecretId(secret.Id))
        {
            Version = new ObjectVersion(meta.Version),
            CreatedAt = meta.CreatedAtNanos.ToTime(),
            UpdatedAt = meta.UpdatedAtNanos.ToTime(),
            Spec = new SecretSpec(Need(spec.Annotations).ToModel())
            {
                Data = spec.Data.ToSensitive(),
                Driver = spec.Driver?.ToModel(),
                Templating = spec.Templating?.ToModel(),
            },
        };
    }
}
