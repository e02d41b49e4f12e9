namespace Skep.Model;

/// <summary>Names a stored object of any kind.</summary>
public readonly record struct ObjectRef(ObjectKind Kind, string Key) : IComparable<ObjectRef>
{
    public static ObjectRef Of(IStoredObject stored) => new(stored.Kind, stored.Key);

    public int CompareTo(ObjectRef other) => Kind != other.Kind ? (int)Kind - (int)other.Kind : string.CompareOrdinal(Key, other.Key);

    public override string ToString() => $"{Kind} {Key}";
}

/// <summary>One step of a batch. The versions named are checked when the batch is applied, not when it is made.</summary>
/// <remarks>A batch may name an object in one Create, Update or Remove; a Remove may be followed by a Create of the same key.</remarks>
public abstract record StoreChange
{
    private StoreChange()
    {
    }

    public abstract ObjectRef Target { get; }

    /// <summary>Stores an object whose key is free. Version and times of the object given are ignored; the store sets them.</summary>
    public sealed record Create(IStoredObject Object) : StoreChange
    {
        public override ObjectRef Target => ObjectRef.Of(Object);
    }

    /// <summary>Replaces an object that still has the version <see cref="Object"/> was made from (its <see cref="IStoredObject.Version"/>).</summary>
    public sealed record Update(IStoredObject Object) : StoreChange
    {
        public override ObjectRef Target => ObjectRef.Of(Object);
    }

    /// <param name="Expected"><see cref="ObjectVersion.None"/>: whatever version it has.</param>
    public sealed record Remove(ObjectKind Kind, string Key, ObjectVersion Expected) : StoreChange
    {
        public override ObjectRef Target => new(Kind, Key);

        /// <summary>Removes exactly this version of the object.</summary>
        public static Remove Of(IStoredObject stored) => new(stored.Kind, stored.Key, stored.Version);
    }

    /// <summary>Changes nothing; refuses the batch if the object changed since, or is gone.</summary>
    /// <param name="Expected"><see cref="ObjectVersion.None"/>: it only has to exist.</param>
    public sealed record Require(ObjectKind Kind, string Key, ObjectVersion Expected) : StoreChange
    {
        public override ObjectRef Target => new(Kind, Key);

        public static Require Unchanged(IStoredObject stored) => new(stored.Kind, stored.Key, stored.Version);
    }
}

/// <summary>Changes that happen together or not at all.</summary>
/// <param name="ProposedAt">The proposer's clock; becomes the created-at and updated-at of what changes, on every replica the same.</param>
public sealed record ChangeBatch(DateTimeOffset ProposedAt, ValueList<StoreChange> Changes);
