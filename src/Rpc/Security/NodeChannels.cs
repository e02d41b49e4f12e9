using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace Skep.Rpc.Security;

/// <summary>Channels to the nodes of the cluster over mutual TLS 1.3; one per address, kept until disposed.</summary>
public sealed class NodeChannels(IdentityHolder identity, TimeProvider time) : IDisposable
{
    /// <summary>Limit of opening a connection.</summary>
    public static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, GrpcChannel> _channels = new(StringComparer.Ordinal);

    /// <summary>The channel to <paramref name="address"/>, host:port. Connects with the first call, and again after a break.</summary>
    public GrpcChannel To(string address) => _channels.GetOrAdd(address, Open);

    /// <summary>Closes the channel, so that the next call connects anew, with the certificate now in force.</summary>
    public void Forget(string address)
    {
        if (_channels.TryRemove(address, out GrpcChannel? channel))
        {
            channel.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels.Values)
        {
            channel.Dispose();
        }

        _channels.Clear();
    }

    /// <summary>A channel without a client certificate, for joining; <paramref name="isTrusted"/> judges the server's.</summary>
    public static GrpcChannel OpenWithoutIdentity(string address, Func<X509Certificate2, bool> isTrusted)
        => Open(address, new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 c && isTrusted(c),
        });

    private static GrpcChannel Open(string address, SslClientAuthenticationOptions ssl)
    {
        // The name in a certificate is the node's id, not its host's; who answers is checked by the chain and the cluster's id.
        ssl.TargetHost = "skep";
        return GrpcChannel.ForAddress($"https://{address}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                SslOptions = ssl,
                ConnectTimeout = ConnectLimit,
                EnableMultipleHttp2Connections = true,
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                KeepAlivePingDelay = TimeSpan.FromSeconds(1),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(2),
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            },
            MaxReceiveMessageSize = 64 << 20,
            DisposeHttpClient = true,
        });
    }

    private GrpcChannel Open(string address) => Open(address, new SslClientAuthenticationOptions
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        LocalCertificateSelectionCallback = (_, _, _, _, _) => identity.Current.Certificate,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 c && IsOfThisCluster(c),
    });

    private bool IsOfThisCluster(X509Certificate2 certificate)
        => NodeIdentity.IsTrusted(certificate, identity.Current.Roots, time.GetUtcNow())
            && PeerIdentity.Read(certificate)?.Cluster == identity.Current.Cluster;
}
