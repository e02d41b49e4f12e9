using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skep.Dashboard.Access;

/// <summary>The certificate the page is served with over TLS, from two PEM files. Files that were renewed are taken up at the next connection, without a restart.</summary>
public sealed class PageCertificate
{
    private readonly string _certificate;
    private readonly string _key;
    private readonly Action<string> _complain;
    private readonly Lock _lock = new();
    private SslServerAuthenticationOptions _options;
    private X509Certificate2 _leaf;
    private (DateTime, DateTime) _read;

    private PageCertificate(string certificate, string key, Action<string> complain)
    {
        (_certificate, _key, _complain) = (certificate, key, complain);
        _read = Stamps();
        (_options, _leaf) = Read();
    }

    /// <param name="certificate">The certificate, and behind it those that lead to one browsers know.</param>
    /// <param name="complain">Told once when renewed files cannot be used; the old certificate stays.</param>
    /// <exception cref="ArgumentException">A file cannot be read, or the key is not the certificate's.</exception>
    public static PageCertificate Load(string certificate, string key, Action<string> complain) => new(certificate, key, complain);

    /// <summary>What a link should call the server: the address where the certificate is for it, else the first name it is for; the address where it has none.</summary>
    public string NameFor(string address)
    {
        lock (_lock)
        {
            return _leaf.MatchesHostname(address) ? address
                : _leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()).FirstOrDefault(static name => !name.StartsWith('*')) ?? address;
        }
    }

    /// <summary>For the next connection.</summary>
    internal SslServerAuthenticationOptions Current()
    {
        lock (_lock)
        {
            (DateTime, DateTime) now = Stamps();
            if (now != _read)
            {
                // A pair of which one file is new does not fit: the other's coming is a change again.
                _read = now;
                try
                {
                    (_options, _leaf) = Read();
                }
                catch (ArgumentException e)
                {
                    _complain(e.Message);
                }
            }

            return _options;
        }
    }

    private (DateTime, DateTime) Stamps() => (File.GetLastWriteTimeUtc(_certificate), File.GetLastWriteTimeUtc(_key));

    private (SslServerAuthenticationOptions, X509Certificate2) Read()
    {
        string text = TextOf(_certificate), key = TextOf(_key);
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(text);
            X509Certificate2 leaf = X509Certificate2.CreateFromPem(text, key);
            chain.RemoveAt(0);
            return (new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            }, leaf);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new ArgumentException($"{_certificate} is no certificate, or {_key} not its key: {e.Message}", e);
        }
    }

    private static string TextOf(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException(e.Message, e);
        }
    }
}
