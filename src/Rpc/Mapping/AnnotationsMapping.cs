using Skep.Model;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

/// <summary>Parts that many objects have.</summary>
internal static class AnnotationsMapping
{
    public static Proto.Annotations ToProto(this Annotations annotations) => new() { Name = annotations.Name, Labels = { annotations.Labels.ToPairs() } };

    public static Annotations ToModel(this Proto.Annotations annotations) => new(annotations.Name) { Labels = annotations.Labels.ToMap() };

    public static Proto.Driver ToProto(this Driver driver) => new() { Name = driver.Name, Options = { driver.Options.ToPairs() } };

    public static Driver ToModel(this Proto.Driver driver) => new(driver.Name) { Options = driver.Options.ToMap() };

    public static Proto.Platform ToProto(this Platform platform) => new() { Architecture = platform.Architecture, Os = platform.Os };

    public static Platform ToModel(this Proto.Platform platform) => new(platform.Architecture, platform.Os);

    public static Proto.Meta MetaOf(IStoredObject stored) => new()
    {
        Version = stored.Version.Index,
        CreatedAtNanos = stored.CreatedAt.ToNanos(),
        UpdatedAtNanos = stored.UpdatedAt.ToNanos(),
    };
}
