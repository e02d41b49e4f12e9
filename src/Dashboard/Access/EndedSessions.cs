using System.Globalization;

namespace Skep.Dashboard.Access;

/// <summary>Sessions that were left before their time. Each is kept until the last of its renewals would have ended by itself.</summary>
internal sealed class EndedSessions
{
    private readonly TimeProvider _time;
    private readonly string? _file;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _until = new(StringComparer.Ordinal);

    /// <param name="file">One line for each, SECONDS ID, so that a restart revives none. Null: they are kept in memory.</param>
    public EndedSessions(TimeProvider time, string? file)
    {
        (_time, _file) = (time, file);
        foreach (string line in file is not null && File.Exists(file) ? File.ReadAllLines(file) : [])
        {
            if (line.Split(' ') is [var end, var id] && long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds < DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            {
                _until[id] = DateTimeOffset.FromUnixTimeSeconds(seconds);
            }
        }
    }

    public bool Contains(string id)
    {
        lock (_lock)
        {
            return _until.ContainsKey(id);
        }
    }

    /// <exception cref="IOException">The file cannot be written; until the next start the session has ended all the same.</exception>
    public void Add(string id, DateTimeOffset until)
    {
        lock (_lock)
        {
            DateTimeOffset now = _time.GetUtcNow();
            foreach (string old in _until.Where(e => e.Value <= now).Select(e => e.Key).ToArray())
            {
                _until.Remove(old);
            }

            _until[id] = until;
            if (_file is not null)
            {
                string part = _file + ".part";
                File.WriteAllLines(part, _until.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Value.ToUnixTimeSeconds()} {e.Key}")));
                File.Move(part, _file, overwrite: true);
            }
        }
    }
}
