using Grpc.Core;
using Skep.Rpc.Security;

namespace Skep.Worker.Agent;

/// <summary>The node as a member of a cluster; what the agent needs for its session.</summary>
/// <param name="Managers">host:port of managers' gRPC listeners known at the start; later ones are learnt from sessions.</param>
/// <param name="PeerAddress">host:port other nodes reach this node's gRPC listener by.</param>
/// <param name="DataPathAddress">Address other nodes send VXLAN to.</param>
public sealed record Membership(NodeId Self, ClusterId Cluster, ValueList<string> Managers, string PeerAddress, string DataPathAddress)
{
    /// <summary>What the node tells of its certificate; null: nothing.</summary>
    public INodeCertificate? Certificate { get; init; }
}

/// <summary>The certificate in force. Given by Host.</summary>
public interface INodeCertificate
{
    NodeTls? Present { get; }

    /// <summary>Completes when another is in force. To be read before <see cref="Present"/>.</summary>
    Task Changed { get; }
}

/// <summary>Authenticated connections to other nodes. Given by Host, which holds the certificates.</summary>
public interface INodeChannels
{
    /// <summary>How to call the gRPC listener at host:port, of whom is meant to answer there. Cheap; the same may be asked for again and again.</summary>
    CallInvoker To(string address, Callee callee);
}

/// <summary>What a manager says of the cluster; handed to Host, which keeps certificates, roles and ports.</summary>
/// <param name="DesiredRole">When it differs from the certificate's, a new certificate is due.</param>
/// <param name="RootCaPem">The roots to trust.</param>
/// <param name="IssuerPublicKey">DER of the key that is to have signed the certificate; else a new one is due. Empty: any.</param>
public sealed record ClusterInfo(ClusterId Cluster, NodeRole DesiredRole, ValueList<ManagerEndpoint> Managers, TimeSpan HeartbeatPeriod, string RootCaPem, ValueList<byte> IssuerPublicKey, int DataPathPort);

public sealed record ManagerEndpoint(NodeId Node, string Address);
