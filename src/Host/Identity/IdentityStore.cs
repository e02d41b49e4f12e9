using System.Security.Cryptography;
using System.Text;
using Skep.Rpc.Security;

namespace Skep.Host.Identity;

/// <summary>The node's key, certificate and root on disk, in one file, so that they are replaced together or not at all.</summary>
internal sealed class IdentityStore(string path)
{
    /// <summary>Null when the node is in no cluster.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the file is damaged.</exception>
    public NodeIdentity? Load()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var parts = new List<string>();
        ReadOnlySpan<char> rest = File.ReadAllText(path);
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            parts.Add(rest[fields.Location].ToString() + "\n");
            rest = rest[fields.Location.End..];
        }

        if (parts.Count < 3)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"{path} should hold a key, a certificate and a root certificate; restore it, or remove {Path.GetDirectoryName(path)} and join anew");
        }

        return NodeIdentity.FromPem(parts[1], SensitiveBytes.From(Encoding.UTF8.GetBytes(parts[0])), string.Concat(parts.Skip(2)));
    }

    public void Save(NodeIdentity identity)
        => AtomicFile.Write(path, Encoding.UTF8.GetBytes($"{Encoding.UTF8.GetString(identity.PrivateKeyPem.Reveal()).Trim()}\n{identity.CertificatePem.Trim()}\n{identity.RootPem}"));

    public void Delete() => File.Delete(path);
}
