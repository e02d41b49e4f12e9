using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skep.Cli.Contexts;
using Skep.Cli.Output;

namespace Skep.Cli.Engine;

/// <summary>How a daemon behind TLS is spoken to.</summary>
/// <param name="Authority">PEM of those who may vouch for it; null: the system's.</param>
/// <param name="Certificate">PEM of ours; null: we have none.</param>
/// <param name="Verify">Its certificate and name are checked.</param>
internal sealed record TlsSettings(string? Authority, string? Certificate, string? Key, bool Verify)
{
    /// <summary>From flags and environment; null where no TLS is asked for.</summary>
    /// <exception cref="CliException">A file cannot be read.</exception>
    public static TlsSettings? Of(GlobalOptions options, Terminal terminal)
    {
        bool verify = options.TlsVerify ?? (terminal.Variable("DOCKER_TLS_VERIFY") is not null);
        if (!verify && !(options.Tls ?? (terminal.Variable("DOCKER_TLS") is not null)))
        {
            return null;
        }

        string folder = terminal.Variable("DOCKER_CERT_PATH") ?? DockerConfig.Of(terminal).Folder;
        return new TlsSettings(
            verify ? Read(options.TlsAuthority, "ca.pem") ?? throw new CliException($"unable to resolve docker endpoint: open {Path.Combine(folder, "ca.pem")}: no such file or directory") : null,
            Read(options.TlsCertificate, "cert.pem"), Read(options.TlsKey, "key.pem"), verify);

        // What is named must be there; the usual files need not.
        string? Read(string? named, string usual)
        {
            string path = Path.GetFullPath(named ?? Path.Combine(folder, usual), terminal.CurrentDirectory);
            return File.Exists(path) ? File.ReadAllText(path) : named is null ? null : throw new CliException($"unable to resolve docker endpoint: open {named}: no such file or directory");
        }
    }

    public static TlsSettings? Of(StoredContext context)
    {
        return context.Tls.Count == 0 && !context.SkipVerify ? null : new TlsSettings(Text("ca.pem"), Text("cert.pem"), Text("key.pem"), !context.SkipVerify);

        string? Text(string file) => context.Tls.TryGetValue(file, out byte[]? bytes) ? System.Text.Encoding.ASCII.GetString(bytes) : null;
    }

    /// <exception cref="IOException">It is not who it should be, or does not let us in.</exception>
    public async Task<SslStream> SecureAsync(Stream stream, string host, CancellationToken cancellation)
    {
        SslStream secure = new(stream);
        try
        {
            await secure.AuthenticateAsClientAsync(Options(host), cancellation);
            return secure;
        }
        catch (Exception failure) when (failure is System.Security.Authentication.AuthenticationException or CryptographicException or ArgumentException)
        {
            await secure.DisposeAsync();
            if (failure is System.Security.Authentication.AuthenticationException && failure.Message.Contains("frame size", StringComparison.Ordinal))
            {
                throw new NotTlsException($"tls: {failure.Message}", failure);
            }

            throw new IOException($"tls: {failure.InnerException?.Message ?? failure.Message}", failure);
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5359", Justification = "The user asks for it: --tls without --tlsverify, skip-tls-verify of a context.")]
    private SslClientAuthenticationOptions Options(string host)
    {
        SslClientAuthenticationOptions options = new() { TargetHost = host };
        if (Certificate is not null && Key is not null)
        {
            options.ClientCertificates = [X509Certificate2.CreateFromPem(Certificate, Key)];
        }

        if (!Verify)
        {
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }
        else if (Authority is not null)
        {
            X509Certificate2Collection roots = [];
            roots.ImportFromPem(Authority);
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        return options;
    }
}
