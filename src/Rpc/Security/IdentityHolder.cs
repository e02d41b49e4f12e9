using System.Security.Cryptography.X509Certificates;

namespace Skep.Rpc.Security;

/// <summary>The identity in force; replaced as a whole when a certificate is renewed, so that open listeners and channels take the new one.</summary>
/// <param name="grace">How long after its end a node's certificate is still believed, because an operator said so; zero: not at all.</param>
public sealed class IdentityHolder(NodeIdentity initial, TimeSpan grace = default)
{
    /// <summary>At its very last second a certificate counts as expired.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(1);

    private volatile NodeIdentity _current = initial;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NodeIdentity Current => _current;

    /// <summary>Completes at the next <see cref="Replace"/>.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Whether what another node shows is a certificate of this cluster, issued for nodes, and in force or within the grace after it.</summary>
    /// <param name="shown">Intermediates that its holder showed; null: none.</param>
    public bool Trusts(X509Certificate2 certificate, DateTimeOffset now, X509Certificate2Collection? shown = null)
    {
        var end = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        return NodeIdentity.IsTrustedNode(certificate, Current.Roots, now > end && now - end <= grace ? end - Before : now, shown);
    }

    public void Replace(NodeIdentity identity)
    {
        _current = identity;
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}
