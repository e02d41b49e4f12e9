namespace Skep.Model;

/// <summary>The kinds of stored objects, in the order they are encoded in.</summary>
public enum ObjectKind
{
    Cluster = 1,
    Node = 2,
    Service = 3,
    SwarmTask = 4,
    Network = 5,
    Secret = 6,
    Config = 7,
}

/// <summary>An immutable object of the replicated store.</summary>
public interface IStoredObject
{
    ObjectKind Kind { get; }

    /// <summary>The id's text; unique within the kind.</summary>
    string Key { get; }

    ObjectVersion Version { get; }

    DateTimeOffset CreatedAt { get; }

    DateTimeOffset UpdatedAt { get; }

    /// <summary>Texts no two objects of the cluster may share: <c>service:web</c>, <c>port:tcp/8080</c>. Checked when a batch is applied.</summary>
    IEnumerable<string> UniqueKeys { get; }

    /// <summary>The same object with the version and times the store gives it.</summary>
    IStoredObject Stamped(ObjectVersion version, DateTimeOffset createdAt, DateTimeOffset updatedAt);
}
