using System.Text;
using Skep.Rpc.Security;

namespace Skep.Engine.Networks;

/// <summary>Addresses that only this node knows, for tasks without published ports. Kept in a file, since containers outlive the agent: a line "task address" for each
/// one taken, a line "task" for each one released; written anew when most of its lines are history.</summary>
internal sealed class AddressLeases
{
    private readonly string _path;
    private readonly Ipv4Prefix _pool;
    private readonly Lock _gate = new();
    private readonly Dictionary<TaskId, Ipv4Address> _byTask = [];
    private readonly HashSet<Ipv4Address> _taken = [];
    private readonly HashSet<Ipv4Address> _reserved;
    private long _next = 2;
    private int _lines;

    /// <param name="reserved">Never given out.</param>
    public AddressLeases(string path, Ipv4Prefix pool, params IEnumerable<Ipv4Address> reserved)
    {
        _path = path;
        _pool = pool;
        _reserved = [.. reserved];
        foreach (string line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            string[] words = line.Split(' ');
            if (_byTask.Remove(new TaskId(words[0]), out Ipv4Address old))
            {
                _taken.Remove(old);
            }

            if (words is [var task, var text] && Ipv4Address.TryParse(text, out Ipv4Address address) && _taken.Add(address))
            {
                _byTask[new TaskId(task)] = address;
            }
        }

        if (File.Exists(path))
        {
            WriteAnew();
        }
    }

    public Ipv4Prefix Pool => _pool;

    /// <summary>The task's address; the same one when asked again.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: none is left.</exception>
    public Ipv4Address Take(TaskId task)
    {
        lock (_gate)
        {
            if (_byTask.TryGetValue(task, out Ipv4Address present))
            {
                return present;
            }
            // Round the pool, so that an address rests before it is used again. The first is the gateway's, the last broadcast's.
            for (long tried = 0; tried < _pool.Count - 3; tried++)
            {
                Ipv4Address candidate = _pool[_next];
                _next = _next + 1 >= _pool.Count - 1 ? 2 : _next + 1;
                if (_reserved.Contains(candidate) || !_taken.Add(candidate))
                {
                    continue;
                }

                _byTask[task] = candidate;
                Note($"{task} {candidate}\n");
                return candidate;
            }
        }

        throw new ClusterException(ErrorKind.Unavailable, $"no address left in {_pool}");
    }

    public void Release(TaskId task)
    {
        lock (_gate)
        {
            if (!_byTask.Remove(task, out Ipv4Address address))
            {
                return;
            }

            _taken.Remove(address);
            Note($"{task}\n");
        }
    }

    private void Note(string line)
    {
        const int fewEnough = 256;
        if (++_lines > fewEnough + (2 * _byTask.Count))
        {
            WriteAnew();
        }
        else
        {
            PrivateFile.Append(_path, Encoding.UTF8.GetBytes(line));
        }
    }

    private void WriteAnew()
    {
        _lines = _byTask.Count;
        PrivateFile.ReplaceQuickly(_path, Encoding.UTF8.GetBytes(string.Concat(_byTask.Select(p => $"{p.Key} {p.Value}\n"))));
    }
}
