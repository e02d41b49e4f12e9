namespace Skep.Model;

/// <summary>Bytes given to tasks as files that live in memory on the node.</summary>
public sealed record Secret(SecretId Id) : IStoredObject
{
    public ObjectVersion Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public required SecretSpec Spec { get; init; }

    ObjectKind IStoredObject.Kind => ObjectKind.Secret;

    string IStoredObject.Key => Id.Value;

    public string Name => Spec.Annotations.Name;

    IEnumerable<string> IStoredObject.UniqueKeys => [$"secret:{Name}"];

    IStoredObject IStoredObject.Stamped(ObjectVersion version, DateTimeOffset createdAt, DateTimeOffset updatedAt)
        => this with { Version = version, CreatedAt = createdAt, UpdatedAt = updatedAt };
}

/// <summary>Bytes given to tasks as files; nothing secret.</summary>
public sealed record Config(ConfigId Id) : IStoredObject
{
    public ObjectVersion Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public required ConfigSpec Spec { get; init; }

    ObjectKind IStoredObject.Kind => ObjectKind.Config;

    string IStoredObject.Key => Id.Value;

    public string Name => Spec.Annotations.Name;

    IEnumerable<string> IStoredObject.UniqueKeys => [$"config:{Name}"];

    IStoredObject IStoredObject.Stamped(ObjectVersion version, DateTimeOffset createdAt, DateTimeOffset updatedAt)
        => this with { Version = version, CreatedAt = createdAt, UpdatedAt = updatedAt };
}
