using Skep.Model;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

/// <summary>An object of any kind.</summary>
public static class StoredObjectMapping
{
    public static Proto.StoredObject ToProto(this IStoredObject stored) => stored switch
    {
        Cluster cluster => new Proto.StoredObject { Cluster = cluster.ToProto() },
        Node node => new Proto.StoredObject { Node = node.ToProto() },
        Service service => new Proto.StoredObject { Service = service.ToProto() },
        SwarmTask task => new Proto.StoredObject { Task = task.ToProto() },
        Network network => new Proto.StoredObject { Network = network.ToProto() },
        Secret secret => new Proto.StoredObject { Secret = secret.ToProto() },
        Config config => new Proto.StoredObject { Config = config.ToProto() },
        _ => throw new ClusterException(ErrorKind.Internal, $"{stored.GetType().Name} is not a stored object known here"),
    };

    public static IStoredObject ToModel(this Proto.StoredObject stored) => stored.ObjectCase switch
    {
        Proto.StoredObject.ObjectOneofCase.Cluster => stored.Cluster.ToModel(),
        Proto.StoredObject.ObjectOneofCase.Node => stored.Node.ToModel(),
        Proto.StoredObject.ObjectOneofCase.Service => stored.Service.ToModel(),
        Proto.StoredObject.ObjectOneofCase.Task => stored.Task.ToModel(),
        Proto.StoredObject.ObjectOneofCase.Network => stored.Network.ToModel(),
        Proto.StoredObject.ObjectOneofCase.Secret => stored.Secret.ToModel(),
        Proto.StoredObject.ObjectOneofCase.Config => stored.Config.ToModel(),
        Proto.StoredObject.ObjectOneofCase.None => throw new ClusterException(ErrorKind.Internal, "unknown kind of stored object"),
    };
}
