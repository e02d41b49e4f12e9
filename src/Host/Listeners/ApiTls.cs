using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Skep.Host.Listeners;

/// <summary>The Engine API over TCP, for whoever holds a certificate of the operator's authority. Off unless <c>--host</c> names an address.</summary>
/// <remarks>Who reaches the API is root on the machine, hence there is no TCP without certificates on both sides.</remarks>
internal sealed class ApiTls
{
    private const int DefaultPort = 2376;

    private readonly X509Certificate2 _server;
    private readonly X509Certificate2Collection _issuers;

    private ApiTls(List<IPEndPoint> addresses, X509Certificate2 server, X509Certificate2Collection issuers) => (Addresses, _server, _issuers) = (addresses, server, issuers);

    public IReadOnlyList<IPEndPoint> Addresses { get; }

    /// <returns>Null: no address is asked for.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: an address, a missing flag or an unreadable file, named.</exception>
    public static ApiTls? Load(SkepdOptions options)
    {
        if (options.Hosts.Length == 0)
        {
            return options.Tlsverify || options.Tlscacert.Length + options.Tlscert.Length + options.Tlskey.Length > 0
                ? throw ClusterException.Invalid("--tlsverify, --tlscacert, --tlscert and --tlskey need a --host tcp://ADDRESS:2376 to serve")
                : null;
        }

        if (!options.Tlsverify || options.Tlscacert.Length == 0 || options.Tlscert.Length == 0 || options.Tlskey.Length == 0)
        {
            throw ClusterException.Invalid("--host needs --tlsverify, --tlscacert, --tlscert and --tlskey: whoever reaches the API is root here, so it is not served over TCP without certificates");
        }

        var issuers = new X509Certificate2Collection();
        Read("--tlscacert", options.Tlscacert, () => issuers.ImportFromPemFile(options.Tlscacert));
        X509Certificate2? server = null;
        Read("--tlscert and --tlskey", options.Tlscert, () => server = X509Certificate2.CreateFromPemFile(options.Tlscert, options.Tlskey));
        return issuers.Count == 0
            ? throw ClusterException.Invalid($"--tlscacert {options.Tlscacert}: holds no certificate")
            : new ApiTls([.. options.Hosts.Select(Address)], server!, issuers);
    }

    /// <summary>Prepares a listener: the handshake asks for the client's certificate and ends without a good one.</summary>
    public void Secure(ListenOptions listen) => listen.UseHttps(new HttpsConnectionAdapterOptions
    {
        ServerCertificate = _server,
        SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        ClientCertificateValidation = (client, _, _) => IsOperator(client),
    });

    private bool IsOperator(X509Certificate2 client)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_issuers);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2")); // client authentication
        return chain.Build(client);
    }

    private static IPEndPoint Address(string host)
    {
        const string Scheme = "tcp://";
        if (!host.StartsWith(Scheme, StringComparison.Ordinal) || !IPEndPoint.TryParse(host[Scheme.Length..], out IPEndPoint? address))
        {
            throw ClusterException.Invalid($"--host {host}: must be tcp://ADDRESS:PORT with an IP address; the unix socket is --socket");
        }

        return address.Port == 0 ? new IPEndPoint(address.Address, DefaultPort) : address;
    }

    private static void Read(string flags, string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"{flags} {file}: {e.Message}", e);
        }
    }
}
