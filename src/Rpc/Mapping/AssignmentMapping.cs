using Skep.Model;
using Skep.Model.Net;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

/// <summary>What a manager tells a node.</summary>
public static class AssignmentMapping
{
    public static Proto.Assignments ToProto(this AssignmentChange change) => new()
    {
        IsComplete = change.IsComplete,
        Sequence = change.Sequence,
        Puts = { change.Puts.Select(ToProto) },
        Removes = { change.Removes.Select(k => new Proto.AssignmentKey { Kind = (int)k.Kind, Id = k.Id }) },
    };

    public static AssignmentChange ToModel(this Proto.Assignments change) => new(
        change.IsComplete,
        change.Sequence,
        change.Puts.ToList(ToModel),
        change.Removes.ToList(k => new AssignmentKey(k.Kind.ToKnown<AssignmentKind>(), k.Id)));

    public static Proto.AssignmentItem ToProto(this AssignmentItem item) => item switch
    {
        AssignmentItem.Peer peer => new Proto.AssignmentItem { Peer = ToProto(peer) },
        AssignmentItem.NetworkInfo info => new Proto.AssignmentItem { Network = info.Network.ToProto() },
        AssignmentItem.SecretData data => new Proto.AssignmentItem { Secret = data.Secret.ToProto() },
        AssignmentItem.ConfigData data => new Proto.AssignmentItem { Config = data.Config.ToProto() },
        AssignmentItem.ServiceRecord record => new Proto.AssignmentItem
        {
            Service = new Proto.ServiceRecord { ServiceId = record.Service.Value, Name = record.Name, Endpoint = record.Endpoint.ToProto() },
        },
        AssignmentItem.TaskEndpoint endpoint => new Proto.AssignmentItem { Endpoint = ToProto(endpoint) },
        AssignmentItem.TaskAssignment assignment => new Proto.AssignmentItem { Task = assignment.Task.ToProto() },
        _ => throw new ClusterException(ErrorKind.Internal, $"unknown assignment {item.GetType().Name}"),
    };

    public static AssignmentItem ToModel(this Proto.AssignmentItem item) => item.ItemCase switch
    {
        Proto.AssignmentItem.ItemOneofCase.Peer => ToModel(item.Peer),
        Proto.AssignmentItem.ItemOneofCase.Network => new AssignmentItem.NetworkInfo(item.Network.ToModel()),
        Proto.AssignmentItem.ItemOneofCase.Secret => new AssignmentItem.SecretData(item.Secret.ToModel()),
        Proto.AssignmentItem.ItemOneofCase.Config => new AssignmentItem.ConfigData(item.Config.ToModel()),
        Proto.AssignmentItem.ItemOneofCase.Service => new AssignmentItem.ServiceRecord(
            new ServiceId(item.Service.ServiceId), item.Service.Name, Need(item.Service.Endpoint).ToModel()),
        Proto.AssignmentItem.ItemOneofCase.Endpoint => ToModel(item.Endpoint),
        Proto.AssignmentItem.ItemOneofCase.Task => new AssignmentItem.TaskAssignment(item.Task.ToModel()),
        Proto.AssignmentItem.ItemOneofCase.None => throw new ClusterException(ErrorKind.Internal, "unknown kind of assignment"),
    };

    private static Proto.Peer ToProto(AssignmentItem.Peer peer) => new()
    {
        NodeId = peer.Node.Value,
        Hostname = peer.Hostname,
        Index = peer.Index,
        DataPathAddress = peer.DataPathAddress,
        PeerAddress = peer.PeerAddress,
        Attachments = { peer.Attachments.ToAddresses() },
        IsUp = peer.IsUp,
    };

    private static AssignmentItem.Peer ToModel(Proto.Peer peer) => new(
        new NodeId(peer.NodeId), peer.Hostname, peer.Index, peer.DataPathAddress, peer.PeerAddress, peer.Attachments.ToAddressMap(), peer.IsUp);

    private static Proto.Endpoint ToProto(AssignmentItem.TaskEndpoint endpoint) => new()
    {
        NetworkId = endpoint.Network.Value,
        TaskId = endpoint.Task.Value,
        ServiceId = endpoint.Service.Value,
        TaskName = endpoint.TaskName,
        NodeId = endpoint.Node.Value,
        Address = endpoint.Address.Value,
        State = (int)endpoint.State,
        Aliases = { endpoint.Aliases },
    };

    private static AssignmentItem.TaskEndpoint ToModel(Proto.Endpoint endpoint) => new(
        new NetworkId(endpoint.NetworkId),
        new TaskId(endpoint.TaskId),
        new ServiceId(endpoint.ServiceId),
        endpoint.TaskName,
        new NodeId(endpoint.NodeId),
        new Ipv4Address(endpoint.Address),
        endpoint.State.ToKnown<EndpointState>(),
        endpoint.Aliases.ToList());
}
