using Google.Protobuf;
using Skep.Engine.Images;
using Skep.Rpc;
using Skep.Rpc.Mapping;
using Proto = Skep.Rpc.V1;

namespace Skep.Worker.Agent;

/// <summary>What this node was last told, by kind. One owner changes it; readers take <see cref="View"/> or, for the files, a copy between two steps.</summary>
internal sealed class AssignmentSet
{
    private readonly Lock _gate = new(); // steps against copies for the files
    private readonly Dictionary<AssignmentKey, Proto.AssignmentItem> _wire = [];
    private readonly SortedDictionary<AssignmentKey, AssignmentItem> _items = [];
    private readonly AssignmentChecksum _checksum = new();
    private volatile AssignmentVersion _mark = new(0, 0);
    private volatile AssignmentView _view = AssignmentView.Empty;

    /// <summary>The last step applied, and what the set then was.</summary>
    public AssignmentVersion Version => _mark;

    public AssignmentView View => _view;

    /// <summary>A new session numbers from 1 again.</summary>
    public void BeginSession() => _mark = new AssignmentVersion(0, _checksum.Value);

    /// <summary>Applies a step.</summary>
    /// <returns>False when a step before it is missing: nothing was applied.</returns>
    public bool Apply(Proto.Assignments change)
    {
        if (!change.IsComplete && change.Sequence != _mark.Sequence + 1)
        {
            return false;
        }

        lock (_gate)
        {
            if (change.IsComplete)
            {
                Clear();
            }

            foreach (Proto.AssignmentItem item in change.Puts)
            {
                Put(item);
            }

            foreach (Proto.AssignmentKey key in change.Removes)
            {
                var model = new AssignmentKey((AssignmentKind)key.Kind, key.Id);
                _wire.Remove(model);
                _items.Remove(model);
                _checksum.Remove(model);
            }
        }

        _mark = new AssignmentVersion(change.Sequence, _checksum.Value);
        _view = AssignmentView.Of(_items.Values);
        return true;
    }

    /// <summary>What may lie on a disk: all but secrets and registry credentials.</summary>
    public byte[] ToDisk()
    {
        var set = new Proto.Assignments { IsComplete = true };
        foreach ((AssignmentKey key, Proto.AssignmentItem item) in Copy())
        {
            if (key.Kind == AssignmentKind.Secret)
            {
                continue;
            }

            Proto.AssignmentItem kept = item;
            if (item.Task?.Spec?.Container?.RegistryAuth is { IsEmpty: false })
            {
                kept = item.Clone();
                kept.Task.Spec.Container.RegistryAuth = ByteString.Empty;
            }

            set.Puts.Add(kept);
        }

        return set.ToByteArray();
    }

    /// <summary>The secrets alone, for a file that lives in memory.</summary>
    public byte[] ToMemory()
    {
        var set = new Proto.Assignments();
        set.Puts.Add(Copy().Where(p => p.Key.Kind == AssignmentKind.Secret).Select(p => p.Value));
        return set.ToByteArray();
    }

    /// <summary>Takes in what an earlier agent wrote. Not a session's state: the next one sends everything.</summary>
    public void Load(params IEnumerable<byte[]> sets)
    {
        foreach (byte[] set in sets)
        {
            foreach (Proto.AssignmentItem item in Proto.Assignments.Parser.ParseFrom(set).Puts)
            {
                Put(item);
            }
        }

        _view = AssignmentView.Of(_items.Values);
    }

    /// <summary>In the order of keys. The items themselves are never changed.</summary>
    private List<KeyValuePair<AssignmentKey, Proto.AssignmentItem>> Copy()
    {
        lock (_gate)
        {
            return [.. _wire.OrderBy(p => p.Key)];
        }
    }

    private void Put(Proto.AssignmentItem item)
    {
        AssignmentItem model = item.ToModel();
        _wire[model.Key] = item;
        _items[model.Key] = model;
        _checksum.Put(model.Key, item);
    }

    private void Clear()
    {
        _wire.Clear();
        _items.Clear();
        _checksum.Clear();
    }
}

internal sealed record AssignmentVersion(ulong Sequence, ulong Checksum);

/// <summary>The assignment set at one moment.</summary>
internal sealed record AssignmentView
{
    public static AssignmentView Empty { get; } = new();

    public IReadOnlyDictionary<NodeId, AssignmentItem.Peer> Peers { get; init; } = new Dictionary<NodeId, AssignmentItem.Peer>();

    public IReadOnlyDictionary<NetworkId, Network> Networks { get; init; } = new Dictionary<NetworkId, Network>();

    public IReadOnlyDictionary<SecretId, Secret> Secrets { get; init; } = new Dictionary<SecretId, Secret>();

    public IReadOnlyDictionary<ConfigId, Config> Configs { get; init; } = new Dictionary<ConfigId, Config>();

    public IReadOnlyDictionary<ServiceId, AssignmentItem.ServiceRecord> Services { get; init; } = new Dictionary<ServiceId, AssignmentItem.ServiceRecord>();

    public IReadOnlyList<AssignmentItem.TaskEndpoint> Endpoints { get; init; } = [];

    /// <summary>Places in networks for the users' containers of this node.</summary>
    public IReadOnlyDictionary<TaskId, SwarmTask> Attachments { get; init; } = new Dictionary<TaskId, SwarmTask>();

    /// <summary>What is to run, in the order of ids.</summary>
    public IReadOnlyDictionary<TaskId, SwarmTask> Tasks { get; init; } = new Dictionary<TaskId, SwarmTask>();

    public static AssignmentView Of(IReadOnlyCollection<AssignmentItem> items) => new()
    {
        Peers = items.OfType<AssignmentItem.Peer>().ToDictionary(p => p.Node),
        Networks = items.OfType<AssignmentItem.NetworkInfo>().ToDictionary(n => n.Network.Id, n => n.Network),
        Secrets = items.OfType<AssignmentItem.SecretData>().ToDictionary(s => s.Secret.Id, s => s.Secret),
        Configs = items.OfType<AssignmentItem.ConfigData>().ToDictionary(c => c.Config.Id, c => c.Config),
        Services = items.OfType<AssignmentItem.ServiceRecord>().ToDictionary(s => s.Service),
        Endpoints = [.. items.OfType<AssignmentItem.TaskEndpoint>()],
        Attachments = items.OfType<AssignmentItem.TaskAssignment>().Where(t => t.Task.Attachment is not null).ToDictionary(t => t.Task.Id, t => t.Task),
        Tasks = items.OfType<AssignmentItem.TaskAssignment>().Where(t => t.Task.Attachment is null).ToDictionary(t => t.Task.Id, t => t.Task),
    };
}
