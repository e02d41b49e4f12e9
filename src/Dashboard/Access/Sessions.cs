using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Skep.Dashboard.Access;

/// <summary>Who may look: a token is good once and for minutes, and buys a session. Sessions are signed, not kept, so that pages outlive the daemon that opened them.</summary>
public sealed class Sessions
{
    private const int KeyBytes = 32;
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SessionLife = TimeSpan.FromHours(12);
    private readonly TimeProvider _time;
    private readonly byte[] _key;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _tokens = new(StringComparer.Ordinal);

    /// <param name="keyFile">Keeps the signing key (mode 0600); whoever removes it ends every session at the next start. Null: sessions end with this process.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public Sessions(TimeProvider time, string? keyFile = null)
    {
        _time = time;
        _key = keyFile is null ? RandomNumberGenerator.GetBytes(KeyBytes) : ReadOrMake(keyFile);
    }

    /// <summary>A new one-time token, for ten minutes.</summary>
    public string MintToken()
    {
        string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        lock (_lock)
        {
            DateTimeOffset now = _time.GetUtcNow();
            foreach (string old in _tokens.Where(e => e.Value <= now).Select(e => e.Key).ToArray())
            {
                _tokens.Remove(old);
            }

            _tokens[token] = now + TokenLife;
        }

        return token;
    }

    /// <summary>The session a token buys; null when it is unknown, used or too old.</summary>
    internal string? Exchange(string token)
    {
        lock (_lock)
        {
            return _tokens.Remove(token, out DateTimeOffset end) && end > _time.GetUtcNow() ? NewSession() : null;
        }
    }

    internal bool IsOpen(string? session) => EndOf(session) > _time.GetUtcNow();

    /// <summary>A fresh session for one of which half is over; null: it is good for long enough, or not at all.</summary>
    internal string? Renew(string? session)
        => EndOf(session) is { } end && end > _time.GetUtcNow() && end < _time.GetUtcNow() + (SessionLife / 2) ? NewSession() : null;

    private string NewSession()
    {
        string end = (_time.GetUtcNow() + SessionLife).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{end}.{Sign(end)}";
    }

    private DateTimeOffset? EndOf(string? session)
    {
        int dot = session?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        return dot > 0 && long.TryParse(session.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out long end) && end < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(session![(dot + 1)..]), Encoding.UTF8.GetBytes(Sign(session[..dot])))
            ? DateTimeOffset.FromUnixTimeSeconds(end) : null;
    }

    private string Sign(string text) => Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text)));

    private static byte[] ReadOrMake(string file)
    {
        if (File.Exists(file) && File.ReadAllBytes(file) is { Length: KeyBytes } kept)
        {
            return kept;
        }

        byte[] key = RandomNumberGenerator.GetBytes(KeyBytes);
        File.Delete(file); // Nobody else is to hold it open.
        using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        stream.Write(key);
        return key;
    }
}
