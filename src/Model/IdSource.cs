using System.Security.Cryptography;

namespace Skep.Model;

/// <summary>Where new ids come from; handed in so that tests and simulations can foretell them.</summary>
public abstract class IdSource
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>Length of an id, as swarmkit's: 128 bits in base 36. Source: moby/swarmkit:identity/randomid.go.</summary>
    public const int Length = 25;

    /// <summary>A new id: 25 characters of <c>[a-z0-9]</c>.</summary>
    public string Next()
    {
        Span<byte> random = stackalloc byte[Length];
        Fill(random);
        return string.Create(Length, random.ToArray(), static (chars, bytes) =>
        {
            for (int i = 0; i < chars.Length; i++)
            {
                chars[i] = Alphabet[bytes[i] % Alphabet.Length];
            }
        });
    }

    protected abstract void Fill(Span<byte> random);

    /// <summary>Ids from the system's secure random source.</summary>
    public static IdSource Secure { get; } = new SecureIds();

    /// <summary>Ids that follow from <paramref name="random"/> alone.</summary>
    public static IdSource From(Random random) => new SeededIds(random);

    private sealed class SecureIds : IdSource
    {
        protected override void Fill(Span<byte> random) => RandomNumberGenerator.Fill(random);
    }

    private sealed class SeededIds(Random source) : IdSource
    {
        protected override void Fill(Span<byte> random) => source.NextBytes(random);
    }
}

/// <summary>What a decision may not take from the world by itself.</summary>
public readonly record struct Moment(DateTimeOffset Now, IdSource Ids, Random Random);
