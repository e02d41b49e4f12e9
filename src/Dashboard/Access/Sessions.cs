using System.Security.Cryptography;

namespace Skep.Dashboard.Access;

/// <summary>Who may look: a token is good once and for minutes, and buys a session that ends when it is not used.</summary>
public sealed class Sessions(TimeProvider time)
{
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SessionLife = TimeSpan.FromHours(12);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _sessions = new(StringComparer.Ordinal);

    /// <summary>A new one-time token, for ten minutes.</summary>
    public string MintToken() => Remember(_tokens, TokenLife);

    /// <summary>The session a token buys; null when it is unknown, used or too old.</summary>
    internal string? Exchange(string token)
    {
        lock (_lock)
        {
            return _tokens.Remove(token, out DateTimeOffset end) && end > time.GetUtcNow() ? Remember(_sessions, SessionLife) : null;
        }
    }

    internal bool IsOpen(string? session)
    {
        lock (_lock)
        {
            if (session is null || !_sessions.TryGetValue(session, out DateTimeOffset end) || end <= time.GetUtcNow())
            {
                return false;
            }

            _sessions[session] = time.GetUtcNow() + SessionLife;
            return true;
        }
    }

    private string Remember(Dictionary<string, DateTimeOffset> table, TimeSpan life)
    {
        string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            foreach (string old in table.Where(e => e.Value <= now).Select(e => e.Key).ToArray())
            {
                table.Remove(old);
            }

            table[key] = now + life;
        }

        return key;
    }
}
