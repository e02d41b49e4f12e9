using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Skep.Dashboard.Access;

/// <summary>
/// Who may look: a token is good once and for minutes, and buys a session. Sessions are signed, not kept, so that pages outlive the daemon that opened them;
/// only those that were ended before their time are kept, until it is over.
/// </summary>
public sealed class Sessions
{
    private const int KeyBytes = 32;
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SessionLife = TimeSpan.FromHours(12);
    private readonly TimeProvider _time;
    private readonly byte[] _key;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _tokens = new(StringComparer.Ordinal);

    /// <summary>Sessions that somebody left, by what they and their renewals have in common, and when the last of those would have ended.</summary>
    private readonly EndedSessions _ended;

    /// <param name="keyFile">Keeps the signing key (mode 0600), and beside it which sessions were ended; whoever removes it ends every session at the next start. Null: sessions end with this process.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public Sessions(TimeProvider time, string? keyFile = null)
    {
        _time = time;
        _key = keyFile is null ? RandomNumberGenerator.GetBytes(KeyBytes) : ReadOrMake(keyFile);
        _ended = new EndedSessions(time, keyFile is null ? null : keyFile + ".ended");
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
            return _tokens.Remove(token, out DateTimeOffset end) && end > _time.GetUtcNow() ? NewSession(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))) : null;
        }
    }

    internal bool IsOpen(string? session) => Read(session) is { } read && read.End > _time.GetUtcNow() && !_ended.Contains(read.Id);

    /// <summary>Whether somebody left it; what is still being sent to it stops.</summary>
    internal bool IsEnded(string? session) => Read(session) is { } read && _ended.Contains(read.Id);

    /// <summary>Ends a session with all its renewals, wherever copies of it are. What is none is left alone.</summary>
    /// <exception cref="IOException">It cannot be kept that it was ended.</exception>
    internal void End(string? session)
    {
        if (Read(session) is { } read)
        {
            _ended.Add(read.Id, _time.GetUtcNow() + SessionLife);
        }
    }

    /// <summary>A fresh session for one of which half is over; null: it is good for long enough, or not at all.</summary>
    internal string? Renew(string? session)
        => IsOpen(session) && Read(session) is { } read && read.End < _time.GetUtcNow() + (SessionLife / 2) ? NewSession(read.Id) : null;

    /// <summary>END.ID.SIGNATURE, of which the renewed one has the same ID.</summary>
    private string NewSession(string id)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{(_time.GetUtcNow() + SessionLife).ToUnixTimeSeconds()}.{id}");
        return $"{text}.{Sign(text)}";
    }

    private (DateTimeOffset End, string Id)? Read(string? session)
        => session?.Split('.') is [var end, var id, var signature]
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), Encoding.UTF8.GetBytes(Sign($"{end}.{id}")))
            && long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? (DateTimeOffset.FromUnixTimeSeconds(seconds), id) : null;

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
