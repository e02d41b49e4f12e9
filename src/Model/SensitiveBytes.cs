using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Skep.Model;

/// <summary>Bytes that must not reach a log, an API answer or a dump: secret payloads, private keys, registry credentials.</summary>
public readonly struct SensitiveBytes(ImmutableArray<byte> value) : IEquatable<SensitiveBytes>
{
    private readonly ImmutableArray<byte> _value = value;

    public static SensitiveBytes Empty => default;

    public int Length => _value.IsDefault ? 0 : _value.Length;

    public static SensitiveBytes From(ReadOnlySpan<byte> bytes) => new([.. bytes]);

    /// <summary>The bytes themselves. Named so that every use is easy to find.</summary>
    public ReadOnlySpan<byte> Reveal() => _value.IsDefault ? [] : _value.AsSpan();

    public bool Equals(SensitiveBytes other) => CryptographicOperations.FixedTimeEquals(Reveal(), other.Reveal());

    public override bool Equals(object? obj) => obj is SensitiveBytes other && Equals(other);

    public override int GetHashCode() => Length;

    public override string ToString() => "***";

    public static bool operator ==(SensitiveBytes left, SensitiveBytes right) => left.Equals(right);

    public static bool operator !=(SensitiveBytes left, SensitiveBytes right) => !left.Equals(right);
}
