using System.Collections.Immutable;

namespace Skep.Store;

/// <summary>Applies one batch. All its nodes are made under one token, so a large batch copies each tree node once; a refused one is simply dropped.</summary>
internal sealed class StoreBuilder
{
    private readonly StoreView _base;
    private readonly EditToken _token = new();
    private Cluster? _cluster;
    private NodeTable _nodes;
    private ServiceTable _services;
    private TaskTable _tasks;
    private NetworkTable _networks;
    private SecretTable _secrets;
    private ConfigTable _configs;
    private OrderedMap<TextKey, ObjectRef> _uniqueKeys;

    private StoreBuilder(StoreView from)
    {
        _base = from;
        _cluster = from.Cluster;
        _nodes = from.Nodes;
        _services = from.Services;
        _tasks = from.Tasks;
        _networks = from.Networks;
        _secrets = from.Secrets;
        _configs = from.Configs;
        _uniqueKeys = from.UniqueKeys;
    }

    public static AppliedBatch Apply(StoreView from, ulong index, ChangeBatch batch)
    {
        Invariant.Holds(index > from.Index);
        var builder = new StoreBuilder(from);
        ImmutableArray<StoreEvent>.Builder events = ImmutableArray.CreateBuilder<StoreEvent>(batch.Changes.Count);
        CommitOutcome? refusal = null;
        foreach (StoreChange change in batch.Changes)
        {
            refusal = builder.Take(change, new ObjectVersion(index), batch.ProposedAt, events);
            if (refusal is not null)
            {
                break;
            }
        }

        refusal ??= builder.MoveUniqueKeys(events);
        return refusal is null
            ? new AppliedBatch(builder.Build(index), new CommitOutcome.Committed(index), events.DrainToImmutable())
            : new AppliedBatch(from.At(index), refusal, []);
    }

    public static StoreView Rebuild(ulong index, IEnumerable<IStoredObject> objects)
    {
        var builder = new StoreBuilder(StoreView.Empty);
        foreach (IStoredObject stored in objects)
        {
            if (builder.Find(ObjectRef.Of(stored)) is not null)
            {
                throw new ClusterException(ErrorKind.Internal, $"{ObjectRef.Of(stored)} is there twice");
            }

            builder.Put(null, stored);
            if (builder.Claim(stored) is { } taken)
            {
                throw new ClusterException(ErrorKind.Internal, $"{taken.UniqueKey} is claimed by {taken.Claimant} and {taken.Holder}");
            }
        }

        return builder.Build(index);
    }

    /// <summary>Checks the version of one change and makes it. Versions are those from before the batch, or the batch's own index if it already wrote the object.</summary>
    private CommitOutcome? Take(StoreChange change, ObjectVersion version, DateTimeOffset at, ImmutableArray<StoreEvent>.Builder events)
    {
        IStoredObject? old = change is StoreChange.Require ? _base.Find(change.Target) : Find(change.Target);
        if (change is StoreChange.Create create)
        {
            if (old is null && create.Object is Cluster && _cluster is not null)
            {
                return new CommitOutcome.Conflict(ObjectRef.Of(_cluster), ObjectVersion.None, _cluster.Version);
            }

            return old is null
                ? Write(null, create.Object.Stamped(version, at, at), events)
                : new CommitOutcome.Conflict(change.Target, ObjectVersion.None, old.Version);
        }

        if (old is null)
        {
            return new CommitOutcome.Missing(change.Target);
        }

        return change switch
        {
            StoreChange.Update update => old.Version != update.Object.Version
                ? new CommitOutcome.Conflict(change.Target, update.Object.Version, old.Version)
                : Write(old, update.Object.Stamped(version, old.CreatedAt, at), events),
            StoreChange.Remove remove => Differs(remove.Expected, old.Version)
                ? new CommitOutcome.Conflict(change.Target, remove.Expected, old.Version)
                : Write(old, null, events),
            StoreChange.Require require => Differs(require.Expected, old.Version)
                ? new CommitOutcome.Conflict(change.Target, require.Expected, old.Version)
                : null,
            _ => throw new InvalidOperationException($"no such change: {change.GetType().Name}"),
        };
    }

    private static bool Differs(ObjectVersion expected, ObjectVersion found) => expected != ObjectVersion.None && expected != found;

    private CommitOutcome? Write(IStoredObject? old, IStoredObject? present, ImmutableArray<StoreEvent>.Builder events)
    {
        Put(old, present);
        events.Add(new StoreEvent((present ?? old)!.Kind, old, present));
        return null;
    }

    /// <summary>First every key of the old objects is given back, then the new objects claim theirs: so a key may move within a batch.</summary>
    private CommitOutcome? MoveUniqueKeys(ImmutableArray<StoreEvent>.Builder events)
    {
        foreach (StoreEvent change in events)
        {
            foreach (string key in change.Old?.UniqueKeys ?? [])
            {
                if (_uniqueKeys.TryGetValue(new TextKey(key), out ObjectRef holder) && holder == ObjectRef.Of(change.Old!))
                {
                    _uniqueKeys = _uniqueKeys.Remove(new TextKey(key), _token);
                }
            }
        }

        foreach (StoreEvent change in events)
        {
            // What a later change of the same batch removed or replaced claims nothing.
            if (change.New is { } present && ReferenceEquals(Find(ObjectRef.Of(present)), present) && Claim(present) is { } taken)
            {
                return taken;
            }
        }

        return null;
    }

    private CommitOutcome.UniqueKeyTaken? Claim(IStoredObject claimant)
    {
        ObjectRef self = ObjectRef.Of(claimant);
        foreach (string key in claimant.UniqueKeys)
        {
            if (_uniqueKeys.TryGetValue(new TextKey(key), out ObjectRef holder) && holder != self)
            {
                return new CommitOutcome.UniqueKeyTaken(key, self, holder);
            }

            _uniqueKeys = _uniqueKeys.Set(new TextKey(key), self, _token);
        }

        return null;
    }

    private IStoredObject? Find(ObjectRef target) => target.Kind switch
    {
        ObjectKind.Cluster => _cluster?.Id.Value == target.Key ? _cluster : null,
        ObjectKind.Node => _nodes.FindKey(target.Key),
        ObjectKind.Service => _services.FindKey(target.Key),
        ObjectKind.SwarmTask => _tasks.FindKey(target.Key),
        ObjectKind.Network => _networks.FindKey(target.Key),
        ObjectKind.Secret => _secrets.FindKey(target.Key),
        ObjectKind.Config => _configs.FindKey(target.Key),
    };

    private void Put(IStoredObject? old, IStoredObject? present)
    {
        switch ((present ?? old)!.Kind)
        {
            case ObjectKind.Cluster:
                _cluster = (Cluster?)present;
                break;
            case ObjectKind.Node:
                _nodes = _nodes.With((Node?)old, (Node?)present, _token);
                break;
            case ObjectKind.Service:
                _services = _services.With((Service?)old, (Service?)present, _token);
                break;
            case ObjectKind.SwarmTask:
                _tasks = _tasks.With((SwarmTask?)old, (SwarmTask?)present, _token);
                break;
            case ObjectKind.Network:
                _networks = _networks.With((Network?)old, (Network?)present, _token);
                break;
            case ObjectKind.Secret:
                _secrets = _secrets.With((Secret?)old, (Secret?)present, _token);
                break;
            case ObjectKind.Config:
                _configs = _configs.With((Config?)old, (Config?)present, _token);
                break;
        }
    }

    private StoreView Build(ulong index) => new(index, _cluster, _nodes, _services, _tasks, _networks, _secrets, _configs, _uniqueKeys);
}
