using Google.Protobuf.Collections;
using Skep.Model;
using Skep.Model.Net;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class NodeMapping
{
    public static Proto.Node ToProto(this Node node) => new()
    {
        Id = node.Id.Value,
        Meta = AnnotationsMapping.MetaOf(node),
        Spec = new Proto.NodeSpec
        {
            Annotations = node.Spec.Annotations.ToProto(),
            DesiredRole = (int)node.Spec.DesiredRole,
            Availability = (int)node.Spec.Availability,
        },
        Role = (int)node.Role,
        RoleGeneration = node.RoleGeneration,
        Description = node.Description?.ToProto(),
        Status = new Proto.NodeStatus
        {
            State = (int)node.Status.State,
            Message = node.Status.Message,
            Address = node.Status.Address,
            SinceNanos = node.Status.Since.ToNanos(),
        },
        Manager = node.Manager is { } manager ? new Proto.ManagerMember { RaftId = manager.RaftId, Address = manager.Address } : null,
        NetworkIndex = node.NetworkIndex,
        Attachments = { node.Attachments.ToAddresses() },
    };

    public static Node ToModel(this Proto.Node node)
    {
        Proto.Meta meta = Need(node.Meta);
        Proto.NodeSpec spec = Need(node.Spec);
        Proto.NodeStatus status = Need(node.Status);
        return new Node(new NodeId(node.Id))
        {
            Version = new ObjectVersion(meta.Version),
            CreatedAt = meta.CreatedAtNanos.ToTime(),
            UpdatedAt = meta.UpdatedAtNanos.ToTime(),
            Spec = new NodeSpec(Need(spec.Annotations).ToModel())
            {
                DesiredRole = spec.DesiredRole.ToKnown<NodeRole>(),
                Availability = spec.Availability.ToKnown<NodeAvailability>(),
            },
            Role = node.Role.ToKnown<NodeRole>(),
            RoleGeneration = node.RoleGeneration,
            Description = node.Description?.ToModel(),
            Status = new NodeStatus(status.State.ToKnown<NodeState>(), status.Message, status.Address) { Since = status.SinceNanos.ToTime() },
            Manager = node.Manager is { } manager ? new ManagerMember(manager.RaftId, manager.Address) : null,
            NetworkIndex = node.NetworkIndex,
            Attachments = node.Attachments.ToAddressMap(),
        };
    }

    public static Proto.NodeDescription ToProto(this NodeDescription description) => new()
    {
        Hostname = description.Hostname,
        Platform = description.Platform.ToProto(),
        Resources = description.Resources.ToProto(),
        EngineVersion = description.EngineVersion,
        EngineLabels = { description.EngineLabels.ToPairs() },
        Plugins = { description.Plugins.Select(p => new Proto.EnginePlugin { Type = p.Type, Name = p.Name }) },
        DataPathAddress = description.DataPathAddress,
        PeerAddress = description.PeerAddress,
        HeldPorts = { description.HeldPorts },
        Tls = description.Tls is { } tls
            ? new Proto.NodeTls
            {
                TrustRoot = tls.TrustRoot,
                IssuerSubject = Google.Protobuf.ByteString.CopyFrom([.. tls.IssuerSubject]),
                IssuerPublicKey = Google.Protobuf.ByteString.CopyFrom([.. tls.IssuerPublicKey]),
            }
            : null,
    };

    public static NodeDescription ToModel(this Proto.NodeDescription description)
        => new(description.Hostname, Need(description.Platform).ToModel(), Need(description.Resources).ToModel())
        {
            EngineVersion = description.EngineVersion,
            EngineLabels = description.EngineLabels.ToMap(),
            Plugins = description.Plugins.ToList(p => new EnginePlugin(p.Type, p.Name)),
            DataPathAddress = description.DataPathAddress,
            PeerAddress = description.PeerAddress,
            HeldPorts = description.HeldPorts.ToList(p => p),
            Tls = description.Tls is { } tls ? new NodeTls(tls.TrustRoot, tls.IssuerSubject.ToValueList(), tls.IssuerPublicKey.ToValueList()) : null,
        };

    internal static IEnumerable<Proto.NetworkAddress> ToAddresses(this ValueMap<NetworkId, Ipv4Address> addresses)
        => addresses.Select(p => new Proto.NetworkAddress { NetworkId = p.Key.Value, Address = p.Value.Value });

    internal static ValueMap<NetworkId, Ipv4Address> ToAddressMap(this RepeatedField<Proto.NetworkAddress> addresses)
        => addresses.Count == 0
            ? ValueMap<NetworkId, Ipv4Address>.Empty
            : addresses.ToValueMap(a => new NetworkId(a.NetworkId), a => new Ipv4Address(a.Address));
}
