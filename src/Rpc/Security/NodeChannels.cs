using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace Skep.Rpc.Security;

/// <summary>Channels to the nodes of the cluster over mutual TLS 1.3; one per address and who is meant to answer there, kept until disposed.</summary>
public sealed class NodeChannels(IdentityHolder identity, IClusterMembers members, TimeProvider time) : IDisposable
{
    /// <summary>Limit of opening a connection.</summary>
    public static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    /// <summary>Of a unary call that names none. Longer than any of ours takes; what must be quicker says so.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<(string Address, Callee Callee), (GrpcChannel Channel, CallInvoker Calls)> _channels = [];

    /// <summary>Calls to <paramref name="address"/>, host:port. Connects with the first call, and again after a break; speaks to <paramref name="callee"/> only.</summary>
    public CallInvoker To(string address, Callee callee) => _channels.GetOrAdd((address, callee), Open).Calls;

    /// <summary>Closes what is open to the address, so that the next call connects anew, with the certificate now in force.</summary>
    public void Forget(string address)
    {
        foreach ((string Address, Callee Callee) key in _channels.Keys.Where(k => k.Address == address))
        {
            if (_channels.TryRemove(key, out (GrpcChannel Channel, CallInvoker Calls) open))
            {
                open.Channel.Dispose();
            }
        }
    }

    public void Dispose()
    {
        foreach ((GrpcChannel channel, _) in _channels.Values)
        {
            channel.Dispose();
        }

        _channels.Clear();
    }

    /// <summary>A channel without a client certificate, for joining; <paramref name="isTrusted"/> judges the server's, given what it shows beside it.</summary>
    public static GrpcChannel OpenWithoutIdentity(string address, Func<X509Certificate2, X509Certificate2Collection?, bool> isTrusted)
        => Open(address, () => null, isTrusted, CertificateClient.CallLimit);

    /// <summary>A channel of its own, to be disposed by the caller: nothing that stands already can answer for it.</summary>
    public GrpcChannel OpenTo(string address, Callee callee, TimeSpan connectLimit)
        => Open(address, () => identity.Current, (certificate, shown) => IsMeant(callee, certificate, shown), connectLimit);

    private static GrpcChannel Open(string address, Func<NodeIdentity?> self, Func<X509Certificate2, X509Certificate2Collection?, bool> isTrusted, TimeSpan connectLimit) => GrpcChannel.ForAddress($"https://{address}", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, self(), isTrusted, ct),
            ConnectTimeout = connectLimit,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            KeepAlivePingDelay = TimeSpan.FromSeconds(1),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(2),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        },
        MaxReceiveMessageSize = 64 << 20,
        DisposeHttpClient = true,
    });

    /// <summary>By hand, so that each connection shows the certificate in force at that moment and all that leads from it to older roots.</summary>
    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint address, NodeIdentity? self, Func<X509Certificate2, X509Certificate2Collection?, bool> isTrusted, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, ct).ConfigureAwait(false);
            var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    // The name in a certificate is the node's id, not its host's; who answers is checked by the chain and the cluster's id.
                    TargetHost = "skep",
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    ClientCertificateContext = self?.Chain,
                    AllowTlsResume = false, // A resumed session would show the certificate, and the role, of long ago.
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) => certificate is X509Certificate2 c && isTrusted(c, chain?.ChainPolicy.ExtraStore),
                },
                ct).ConfigureAwait(false);
            return tls;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private (GrpcChannel Channel, CallInvoker Calls) Open((string Address, Callee Callee) key)
    {
        GrpcChannel channel = Open(key.Address, () => identity.Current, (certificate, shown) => IsMeant(key.Callee, certificate, shown), ConnectLimit);
        return (channel, channel.Intercept(new CallDeadline(DefaultDeadline, time)));
    }

    private bool IsMeant(Callee callee, X509Certificate2 certificate, X509Certificate2Collection? shown)
        => identity.Trusts(certificate, time.GetUtcNow(), shown)
            && (callee.Objection(PeerIdentity.Read(certificate), members) is not { } objection ? true : throw new UnmeantPeerException(objection));
}
