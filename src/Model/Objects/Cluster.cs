namespace Skep.Model;

/// <summary>The cluster itself; there is exactly one.</summary>
public sealed record Cluster(ClusterId Id) : IStoredObject
{
    public ObjectVersion Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public required ClusterSpec Spec { get; init; }

    public required RootCa RootCa { get; init; }

    public required JoinTokens JoinTokens { get; init; }

    /// <summary>Pools that overlay networks without a subnet take theirs from.</summary>
    public ValueList<Ipv4Prefix> DefaultAddressPool { get; init; } = [Ipv4Prefix.Parse("10.0.0.0/8")];

    /// <summary>Prefix length of each subnet taken.</summary>
    public int SubnetSize { get; init; } = 24;

    public int DataPathPort { get; init; } = 4789;

    /// <summary>With autolock: what managers unlock with.</summary>
    public SensitiveBytes UnlockKey { get; init; }

    /// <summary>Certificates of removed nodes, refused until they would have expired: node id and that moment.</summary>
    public ValueMap<NodeId, DateTimeOffset> RemovedNodes { get; init; } = ValueMap<NodeId, DateTimeOffset>.Empty;

    /// <summary>When the last certificate ends that was issued while certificates lived longer than they do now.</summary>
    public DateTimeOffset OlderCertificatesUntil { get; init; }

    /// <summary>When the last certificate ends that a node may hold at <paramref name="now"/>.</summary>
    public DateTimeOffset CertificatesUntil(DateTimeOffset now) => now + Spec.CertificateLifetime is var until && until > OlderCertificatesUntil ? until : OlderCertificatesUntil;

    ObjectKind IStoredObject.Kind => ObjectKind.Cluster;

    string IStoredObject.Key => Id.Value;

    IEnumerable<string> IStoredObject.UniqueKeys => ["cluster"];

    IStoredObject IStoredObject.Stamped(ObjectVersion version, DateTimeOffset createdAt, DateTimeOffset updatedAt)
        => this with { Version = version, CreatedAt = createdAt, UpdatedAt = updatedAt };
}

/// <param name="CertificatePem">What nodes trust.</param>
/// <param name="Digest">SHA-256 of the PEM bytes, as in join tokens.</param>
public sealed record RootCa(string CertificatePem, SensitiveBytes PrivateKeyPem, string Digest)
{
    /// <summary>The root that is taking over; null most of the time.</summary>
    public RootRotation? Rotation { get; init; }

    /// <summary>What nodes trust now: the root and, during a rotation, also the next one.</summary>
    public string TrustedPem => CertificatePem + Rotation?.CertificatePem;

    /// <summary>The root whose signature every node's certificate is to carry.</summary>
    public string SigningPem => Rotation?.CertificatePem ?? CertificatePem;
}

/// <summary>A root that is taking over: it signs already, but nodes may know the old one only.</summary>
/// <param name="CrossSignedPem">The new root as the old one vouches for it: what leads from new certificates to the old root.</param>
public sealed record RootRotation(string CertificatePem, SensitiveBytes PrivateKeyPem, string CrossSignedPem);

/// <summary>The secrets that let a node in; full texts, <c>SWMTKN-1-…</c>.</summary>
public sealed record JoinTokens(string Worker, string Manager);
