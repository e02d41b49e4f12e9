using System.Text;
using Skep.Rpc.Security;

namespace Skep.Worker.Agent;

/// <summary>Addresses that only this node knows, for tasks without published ports. Kept in a file, since containers outlive the agent.</summary>
internal sealed class LocalAddresses
{
    private readonly string _path;
    private readonly Ipv4Prefix _pool;
    private readonly Lock _gate = new();
    private readonly Dictionary<TaskId, Ipv4Address> _byTask = [];
    private readonly HashSet<Ipv4Address> _taken = [];
    private readonly HashSet<Ipv4Address> _reserved;
    private long _next = 2;

    /// <param name="reserved">Never given out.</param>
    public LocalAddresses(string path, Ipv4Prefix pool, params IEnumerable<Ipv4Address> reserved)
    {
        _path = path;
        _pool = pool;
        _reserved = [.. reserved];
        foreach (string line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            if (line.Split(' ') is [var task, var text] && Ipv4Address.TryParse(text, out Ipv4Address address) && _taken.Add(address))
                _byTask[new TaskId(task)] = address;
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
                return present;
            // Round the pool, so that an address rests before it is used again. The first is the gateway's, the last broadcast's.
            for (long tried = 0; tried < _pool.Count - 3; tried++)
            {
                Ipv4Address candidate = _pool[_next];
                _next = _next + 1 >= _pool.Count - 1 ? 2 : _next + 1;
                if (_reserved.Contains(candidate) || !_taken.Add(candidate))
                    continue;
                _byTask[task] = candidate;
                Save();
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
                return;
            _taken.Remove(address);
            Save();
        }
    }

    private void Save()
    {
        PrivateFile.ReplaceQuickly(_path, Encoding.UTF8.GetBytes(string.Concat(_byTask.Select(p => $"{p.Key} {p.Value}\n"))));
    }
}
