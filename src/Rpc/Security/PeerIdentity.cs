using System.Security.Cryptography.X509Certificates;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>Who a certificate says its holder is: CN is the node, OU the role, O the cluster, as in Swarm.</summary>
public sealed record PeerIdentity(NodeId Node, NodeRole Role, ClusterId Cluster)
{
    public const string ManagerUnit = "swarm-manager";
    public const string WorkerUnit = "swarm-worker";

    /// <summary>Null when the subject is not of the cluster's form.</summary>
    public static PeerIdentity? Read(X509Certificate2 certificate)
    {
        string? node = null, unit = null, cluster = null;
        foreach (X500RelativeDistinguishedName part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            switch (part.GetSingleElementType().Value)
            {
                case "2.5.4.3": node = part.GetSingleElementValue(); break;
                case "2.5.4.11": unit = part.GetSingleElementValue(); break;
                case "2.5.4.10": cluster = part.GetSingleElementValue(); break;
                default: break;
            }
        }

        NodeRole? role = unit switch { ManagerUnit => NodeRole.Manager, WorkerUnit => NodeRole.Worker, _ => null };
        return node is null || cluster is null || role is null ? null : new PeerIdentity(new NodeId(node), role.Value, new ClusterId(cluster));
    }

    public X500DistinguishedName ToSubject()
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationName(Cluster.Value);
        subject.AddOrganizationalUnitName(Role == NodeRole.Manager ? ManagerUnit : WorkerUnit);
        subject.AddCommonName(Node.Value);
        return subject.Build();
    }
}
