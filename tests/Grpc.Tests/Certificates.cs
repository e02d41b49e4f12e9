using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace GrpcTests;

/// <summary>A certificate authority with one server and one client, in memory and as PEM files for the Python peer.</summary>
public sealed class Certificates
{
    private Certificates(X509Certificate2 root, X509Certificate2 server, X509Certificate2 client, string folder)
    {
        Root = root;
        Server = server;
        Client = client;
        Folder = folder;
    }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Server { get; }

    public X509Certificate2 Client { get; }

    /// <summary>ca.pem, server.pem, server.key, client.pem, client.key.</summary>
    public string Folder { get; }

    public static Certificates Create(string folder)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=probe-ca", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        X509Certificate2 root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        File.WriteAllText(Path.Combine(folder, "ca.pem"), root.ExportCertificatePem());
        X509Certificate2 server = Issue(root, "CN=localhost", 1, folder, "server", now);
        X509Certificate2 client = Issue(root, "O=cluster-1, OU=swarm-worker, CN=node-1", 2, folder, "client", now);
        return new Certificates(root, server, client, folder);
    }

    /// <summary>Is the certificate from our authority?</summary>
    public bool Trusts(X509Certificate? certificate)
    {
        if (certificate is null)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    }

    public SslClientAuthenticationOptions ClientOptions(bool withCertificate) => new()
    {
        TargetHost = "localhost",
        ClientCertificates = withCertificate ? [Client] : null,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => Trusts(certificate),
    };

    private static X509Certificate2 Issue(X509Certificate2 root, string subject, byte serial, string folder, string name, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(root, now.AddDays(-1), now.AddDays(1), [serial]);
        X509Certificate2 certificate = signed.CopyWithPrivateKey(key);
        File.WriteAllText(Path.Combine(folder, name + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, name + ".key"), key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }
}
