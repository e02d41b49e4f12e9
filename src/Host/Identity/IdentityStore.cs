using System.Security.Cryptography;
using System.Text;
using Skep.Rpc.Security;

namespace Skep.Host.Identity;

/// <summary>The node's key, certificate and roots on disk, in one file, so that they are replaced together or not at all.</summary>
/// <remarks>First the key, then the certificate with what leads to older roots, then, behind a line of its own, the roots that are trusted.</remarks>
internal sealed class IdentityStore(string path)
{
    private const string RootsBegin = "Trusted roots:";

    /// <summary>Null when the node is in no cluster.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the file is damaged.</exception>
    public StoredIdentity? Load()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string text = File.ReadAllText(path);
        int border = text.IndexOf(RootsBegin, StringComparison.Ordinal);
        List<string> own = Parts(border < 0 ? text : text.AsSpan(0, border));
        List<string> roots = border < 0 ? [.. own.Skip(2)] : Parts(text.AsSpan(border));
        List<string> chain = border < 0 ? [.. own.Skip(1).Take(1)] : [.. own.Skip(1)];
        return own.Count >= 2 && roots.Count > 0
            ? new StoredIdentity(own[0], string.Concat(chain), string.Concat(roots))
            : throw new ClusterException(ErrorKind.FailedPrecondition, $"{path} should hold a key, a certificate and a root certificate; restore it, or remove {Path.GetDirectoryName(path)} and join anew");
    }

    public void Save(NodeIdentity identity)
        => PrivateFile.Replace(path, Encoding.UTF8.GetBytes($"{StoredIdentity.KeyOf(identity)}\n{identity.CertificatePem.Trim()}\n{RootsBegin}\n{identity.RootPem}"));

    public void Delete() => File.Delete(path);

    private static List<string> Parts(ReadOnlySpan<char> rest)
    {
        var parts = new List<string>();
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            parts.Add(rest[fields.Location].ToString() + "\n");
            rest = rest[fields.Location.End..];
        }

        return parts;
    }
}
