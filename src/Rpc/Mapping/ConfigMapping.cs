using Google.Protobuf;
using Skep.Model;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class ConfigMapping
{
    public static Proto.Config ToProto(this Config config) => new()
    {
        Id = config.Id.Value,
        Meta = AnnotationsMapping.MetaOf(config),
        Spec = new Proto.ConfigSpec
        {
            Annotations = config.Spec.Annotations.ToProto(),
            Data = ByteString.CopyFrom(config.Spec.Data.AsSpan()),
            Templating = config.Spec.Templating?.ToProto(),
        },
    };

    public static Config ToModel(this Proto.Config config)
    {
        Proto.Meta meta = Need(config.Meta);
        Proto.ConfigSpec spec = Need(config.Spec);
        return new Config(new ConfigId(config.Id))
        {
            Version = new ObjectVersion(meta.Version),
            CreatedAt = meta.CreatedAtNanos.ToTime(),
            UpdatedAt = meta.UpdatedAtNanos.ToTime(),
            Spec = new ConfigSpec(Need(spec.Annotations).ToModel())
            {
                Data = ValueList.Create(spec.Data.Span),
                Templating = spec.Templating?.ToModel(),
            },
        };
    }
}
