using System.Globalization;
using Skep.Dashboard.Access;

namespace Skep.Host.Listeners;

/// <summary>TLS of the dashboard: its two flags, and the links that lead to it.</summary>
internal static class DashboardTls
{
    /// <returns>Null: neither file is named, the page is served without TLS.</returns>
    /// <param name="complain">Told when renewed files cannot be used.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: one flag without the other, or a file that cannot be used, named.</exception>
    public static PageCertificate? Load(string certFlag, string cert, string keyFlag, string key, Action<string> complain)
    {
        if (cert.Length == 0 && key.Length == 0)
        {
            return null;
        }

        if (cert.Length == 0 || key.Length == 0)
        {
            throw ClusterException.Invalid(cert.Length == 0
                ? $"{keyFlag} needs {certFlag}: the certificate the page is served with, as PEM"
                : $"{certFlag} needs {keyFlag}: the private key of the certificate, as PEM");
        }

        try
        {
            return PageCertificate.Load(cert, key, complain);
        }
        catch (ArgumentException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"{certFlag} and {keyFlag}: {e.Message}", e);
        }
    }

    /// <summary>The page's address, by a name the certificate is for where there is one.</summary>
    public static string Link(PageCertificate? certificate, string address, int port)
    {
        string name = certificate?.NameFor(address) ?? address;
        return string.Create(CultureInfo.InvariantCulture, $"{(certificate is null ? "http" : "https")}://{(name.Contains(':', StringComparison.Ordinal) ? $"[{name}]" : name)}:{port}/");
    }
}
