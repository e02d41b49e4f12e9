namespace Skep.Rpc.Security;

/// <summary>Who may call a method.</summary>
public enum CallAudience
{
    /// <summary>Machines about to join too, which have no certificate yet.</summary>
    Anyone,

    /// <summary>Nodes that belong to this cluster.</summary>
    Nodes,

    /// <summary>Nodes that are managers of this cluster now.</summary>
    Managers,

    /// <summary>As <see cref="Managers"/>, and, while this replica cannot tell whether it is behind, nodes with a manager's certificate that it has not heard of: Raft itself is how it catches up.</summary>
    RaftGroup,
}

/// <summary>Who may call what, method by method. What is not listed is refused; a test holds the list to the services there are.</summary>
public static class CallAudiences
{
    private static readonly Dictionary<string, CallAudience> Audiences = new(StringComparer.Ordinal)
    {
        ["/skep.v1.CertificateAuthority/GetRootCertificate"] = CallAudience.Anyone,
        ["/skep.v1.CertificateAuthority/Issue"] = CallAudience.Anyone,
        ["/skep.v1.CertificateAuthority/GiveBack"] = CallAudience.Nodes,
        ["/skep.v1.Dispatch/Session"] = CallAudience.Nodes,
        ["/skep.v1.Dispatch/Attach"] = CallAudience.Nodes,
        ["/skep.v1.Dispatch/Detach"] = CallAudience.Nodes,
        ["/skep.v1.Liveness/Vouch"] = CallAudience.Managers,
        ["/skep.v1.NodeEngine/Connect"] = CallAudience.Managers,
        ["/skep.v1.NodeLogs/Read"] = CallAudience.Managers,
        ["/skep.v1.PeerImages/Resolve"] = CallAudience.Nodes,
        ["/skep.v1.PeerImages/ReadBlob"] = CallAudience.Nodes,
        ["/skep.v1.Raft/Messages"] = CallAudience.RaftGroup,
        ["/skep.v1.Raft/Snapshot"] = CallAudience.RaftGroup,
        ["/skep.v1.Raft/Join"] = CallAudience.Managers,
        ["/skep.v1.Raft/Leave"] = CallAudience.Managers,
        ["/skep.v1.Raft/Group"] = CallAudience.Managers,
        ["/grpc.health.v1.Health/Check"] = CallAudience.Nodes,
        ["/grpc.health.v1.Health/Watch"] = CallAudience.Nodes,
    };

    /// <param name="method">As on the wire: <c>/package.Service/Method</c>.</param>
    /// <returns>Null: nobody may.</returns>
    public static CallAudience? Of(string method) => Audiences.TryGetValue(method, out CallAudience audience) ? audience : null;

    /// <summary>Every method that somebody may call.</summary>
    public static IReadOnlyCollection<string> Methods => Audiences.Keys;
}
