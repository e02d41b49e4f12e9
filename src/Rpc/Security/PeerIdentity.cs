using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>Who a certificate says its holder is: CN is the node, OU the role, O the cluster, as in Swarm; serialNumber which of the node's roles it is.</summary>
public sealed record PeerIdentity(NodeId Node, NodeRole Role, ClusterId Cluster)
{
    public const string ManagerUnit = "swarm-manager";
    public const string WorkerUnit = "swarm-worker";

    /// <summary>The subject's serialNumber: which of the node's roles, counted from 0, this one is. See <see cref="Node.RoleGeneration"/>.</summary>
    private const string GenerationType = "2.5.4.5";

    public uint Generation { get; init; }

    /// <summary>Null when the subject is not of the cluster's form.</summary>
    public static PeerIdentity? Read(X509Certificate2 certificate)
    {
        string? node = null, unit = null, cluster = null;
        uint generation = 0;
        foreach (X500RelativeDistinguishedName part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements)
            {
                return null;
            }

            switch (part.GetSingleElementType().Value)
            {
                case "2.5.4.3": node = part.GetSingleElementValue(); break;
                case "2.5.4.11": unit = part.GetSingleElementValue(); break;
                case "2.5.4.10": cluster = part.GetSingleElementValue(); break;
                case GenerationType when !uint.TryParse(part.GetSingleElementValue(), NumberStyles.None, CultureInfo.InvariantCulture, out generation): return null;
                default: break;
            }
        }

        NodeRole? role = unit switch { ManagerUnit => NodeRole.Manager, WorkerUnit => NodeRole.Worker, _ => null };
        return node is null || cluster is null || role is null ? null : new PeerIdentity(new NodeId(node), role.Value, new ClusterId(cluster)) { Generation = generation };
    }

    public X500DistinguishedName ToSubject()
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationName(Cluster.Value);
        subject.AddOrganizationalUnitName(Role == NodeRole.Manager ? ManagerUnit : WorkerUnit);
        subject.AddCommonName(Node.Value);
        if (Generation > 0)
        {
            subject.Add(GenerationType, Generation.ToString(CultureInfo.InvariantCulture), UniversalTagNumber.PrintableString);
        }

        return subject.Build();
    }
}
