using System.Text.Json;
using System.Text.Json.Serialization;
using Skep.Raft;
using Skep.Rpc.Security;

namespace Skep.Host.Node;

/// <summary>What a node remembers of its membership beside its certificate.</summary>
/// <param name="ListenAddress">host:port its gRPC listener is bound to.</param>
/// <param name="AdvertiseAddress">host:port others reach it by.</param>
/// <param name="DataPathAddress">Address others send VXLAN to.</param>
/// <param name="DataPathPort">UDP port of VXLAN; 0 until a manager has said it.</param>
/// <param name="RaftId">0 until it has been a manager.</param>
/// <param name="Managers">host:port of the managers known last.</param>
internal sealed record NodeRecord(string ListenAddress, string AdvertiseAddress, string DataPathAddress, int DataPathPort, ulong RaftId, string[] Managers)
{
    /// <summary>The Raft group when this node joined it: whom to answer until the first snapshot has told of the members.</summary>
    public RaftMember[] KnownMembers { get; init; } = [];

    /// <summary>The same membership at another address; its data path moves along unless it had an address of its own.</summary>
    /// <param name="advertise">As the user gave it; empty: where it is.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    public NodeRecord At(string advertise)
    {
        if (advertise.Length == 0)
        {
            return this;
        }

        string next = NodeAddresses.Advertise(advertise, fallback: null, ListenAddress, towards: []);
        return this with
        {
            AdvertiseAddress = next,
            DataPathAddress = DataPathAddress == NodeAddresses.Split(AdvertiseAddress).Host ? NodeAddresses.Split(next).Host : DataPathAddress,
            Managers = [.. Managers.Where(m => m != AdvertiseAddress)],
        };
    }

    public static NodeRecord? Load(string path)
        => File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), NodeRecordJson.Default.NodeRecord) : null;

    public void Save(string path) => PrivateFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(this, NodeRecordJson.Default.NodeRecord));
}

[JsonSerializable(typeof(NodeRecord))]
[JsonSourceGenerationOptions(WriteIndented = true)]
internal sealed partial class NodeRecordJson : JsonSerializerContext;
