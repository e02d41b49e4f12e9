using Skep.Model;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class ChangeBatchMapping
{
    public static Proto.Batch ToProto(this ChangeBatch batch) => new()
    {
        NowNanos = batch.ProposedAt.ToNanos(),
        Changes = { batch.Changes.Select(ToProto) },
    };

    public static ChangeBatch ToModel(this Proto.Batch batch) => new(batch.NowNanos.ToTime(), batch.Changes.ToList(ToModel));

    private static Proto.Change ToProto(StoreChange change) => change switch
    {
        StoreChange.Create create => new Proto.Change { Create = create.Object.ToProto() },
        StoreChange.Update update => new Proto.Change { Update = update.Object.ToProto() },
        StoreChange.Remove remove => new Proto.Change { Remove = Reference(remove.Target, remove.Expected) },
        StoreChange.Require require => new Proto.Change { Require = Reference(require.Target, require.Expected) },
        _ => throw new ClusterException(ErrorKind.Internal, $"unknown change {change.GetType().Name}"),
    };

    private static StoreChange ToModel(Proto.Change change) => change.ChangeCase switch
    {
        Proto.Change.ChangeOneofCase.Create => new StoreChange.Create(change.Create.ToModel()),
        Proto.Change.ChangeOneofCase.Update => new StoreChange.Update(change.Update.ToModel()),
        Proto.Change.ChangeOneofCase.Remove => new StoreChange.Remove(
            change.Remove.Kind.ToKnown<ObjectKind>(), change.Remove.Key, new ObjectVersion(change.Remove.ExpectedVersion)),
        Proto.Change.ChangeOneofCase.Require => new StoreChange.Require(
            change.Require.Kind.ToKnown<ObjectKind>(), change.Require.Key, new ObjectVersion(change.Require.ExpectedVersion)),
        Proto.Change.ChangeOneofCase.None => throw new ClusterException(ErrorKind.Internal, "unknown kind of change"),
    };

    private static Proto.ObjectRef Reference(ObjectRef target, ObjectVersion expected)
        => new() { Kind = (int)target.Kind, Key = target.Key, ExpectedVersion = expected.Index };
}
