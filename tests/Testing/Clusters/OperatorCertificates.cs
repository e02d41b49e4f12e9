using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skep.Testing.Clusters;

/// <summary>An authority of operators with a server's and a client's certificate, as files for <c>skepd --tlsverify</c> and <c>docker --tlsverify</c>.</summary>
/// <remarks>In the directory: ca.pem, server.pem, server.key, client.pem, client.key, and stranger.pem, stranger.key of another authority.</remarks>
public static class OperatorCertificates
{
    public static void Write(string directory, IEnumerable<string> addresses)
    {
        using X509Certificate2 authority = Authority("operators"), other = Authority("strangers");
        File.WriteAllText(Path.Combine(directory, "ca.pem"), authority.ExportCertificatePem());
        Issue(directory, "server", authority, "1.3.6.1.5.5.7.3.1", addresses);
        Issue(directory, "client", authority, "1.3.6.1.5.5.7.3.2", []);
        Issue(directory, "stranger", other, "1.3.6.1.5.5.7.3.2", []);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(120));
    }

    private static void Issue(string directory, string name, X509Certificate2 authority, string use, IEnumerable<string> addresses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        foreach (string address in addresses)
        {
            names.AddIpAddress(IPAddress.Parse(address));
        }

        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(authority, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(110), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(directory, name + ".pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, name + ".key"), key.ExportPkcs8PrivateKeyPem());
    }
}
