using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>A new key pair of a node, before it has a certificate. The private half never leaves the node.</summary>
public sealed class NodeKey : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public SensitiveBytes PrivatePem => SensitiveBytes.From(Encoding.UTF8.GetBytes(_key.ExportPkcs8PrivateKeyPem()));

    public PublicKey PublicKey => new(_key);

    /// <summary>PKCS #10, DER. The subject is the manager's to choose.</summary>
    public byte[] CreateSigningRequest() => new CertificateRequest("CN=node", _key, HashAlgorithmName.SHA256).CreateSigningRequest();

    public void Dispose() => _key.Dispose();
}
