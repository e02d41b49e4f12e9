using Skep.Model;

namespace Skep.Wire.Mapping;

/// <summary>What the Raft group knows of a manager, which the store does not.</summary>
/// <param name="IsReachable">False while the leader does not hear from it.</param>
public sealed record ManagerState(bool IsLeader, bool IsReachable);

public static class NodeMapping
{
    /// <param name="manager">Null for workers, or where nothing is known.</param>
    public static WireNode ToWire(this Node node, ManagerState? manager) => new()
    {
        Id = node.Id.Value,
        Version = node.Version.ToWire(),
        CreatedAt = node.CreatedAt,
        UpdatedAt = node.UpdatedAt,
        Spec = node.Spec.ToWire(),
        Description = node.Description?.ToWire() ?? new WireNodeDescription { Platform = new WirePlatform(), Resources = new WireResources(), Engine = new WireEngineDescription() },
        Status = new WireNodeStatus { State = node.Status.State.ToWire(), Message = node.Status.Message.OrAbsent(), Addr = node.Status.Address.OrAbsent() },
        ManagerStatus = node.Manager is { } member
            ? new WireManagerStatus
            {
                Leader = manager?.IsLeader ?? false,
                Reachability = manager is null ? "unknown" : manager.IsReachable ? "reachable" : "unreachable",
                Addr = member.Address.OrAbsent(),
            }
            : null,
    };

    public static WireNodeSpec ToWire(this NodeSpec spec) => new()
    {
        Name = spec.Annotations.Name.OrAbsent(),
        Labels = spec.Annotations.Labels.ToWire(),
        Role = spec.DesiredRole.ToWire(),
        Availability = spec.Availability.ToWire(),
    };

    /// <exception cref="ClusterException">Role or availability is missing or unknown.</exception>
    public static NodeSpec ToModel(this WireNodeSpec spec) => new(OmitEmpty.Annotations(spec.Name, spec.Labels))
    {
        DesiredRole = WireEnums.ReadRole(spec.Role),
        Availability = WireEnums.ReadAvailability(spec.Availability),
    };

    public static WireNodeDescription ToWire(this NodeDescription description) => new()
    {
        Hostname = description.Hostname.OrAbsent(),
        Platform = description.Platform.ToWire(),
        Resources = description.Resources.ToWire(),
        Engine = new WireEngineDescription
        {
            EngineVersion = description.EngineVersion.OrAbsent(),
            Labels = description.EngineLabels.OrAbsent(),
            Plugins = description.Plugins.OrAbsent(p => new WireEnginePlugin(p.Type, p.Name)),
        },
        HeldPorts = description.HeldPorts.IsEmpty ? null : [.. description.HeldPorts],
        TlsInfo = description.Tls is { } tls
            ? new WireTlsInfo { TrustRoot = tls.TrustRoot, CertIssuerSubject = [.. tls.IssuerSubject], CertIssuerPublicKey = [.. tls.IssuerPublicKey] }
            : new WireTlsInfo(),
    };
}
