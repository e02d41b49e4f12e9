using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Skep.Engine.Images;

/// <summary>Finds the way to a registry: which scheme it speaks, which mirrors stand before it.</summary>
internal sealed class RegistryClientFactory(ValueList<string> insecure, ValueList<string> mirrors, ValueList<string> certificates) : IDisposable
{
    private readonly Dictionary<string, HttpClient> _trusting = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly HttpClient _strict = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10) }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly HttpClient _lax = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(10),
#pragma warning disable CA5359 // The operator listed these registries as insecure, or they are on this machine.
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>The sources to try for an image, in order.</summary>
    public async Task<IReadOnlyList<IImageSource>> FindAsync(ImageReference reference, RegistryCredentials? credentials, CancellationToken ct)
    {
        var sources = new List<IImageSource>();
        foreach (string mirror in reference.Domain == ImageReference.DockerHub ? mirrors : [])
        {
            var address = new Uri(mirror.TrimEnd('/') + "/");
            sources.Add(new RegistrySource(new RegistryClient(ClientFor(address.Authority), address, reference, credentials: null, RegistryScope.Pull)));
        }

        sources.Add(new RegistrySource(await OpenAsync(reference, credentials, RegistryScope.Pull, ct)));
        return sources;
    }

    /// <summary>The registry an image is named after.</summary>
    public async Task<RegistryClient> OpenAsync(ImageReference reference, RegistryCredentials? credentials, RegistryScope use, CancellationToken ct)
    {
        if (reference.Domain == ImageReference.DockerHub)
        {
            return new RegistryClient(_strict, new Uri("https://registry-1.docker.io/"), reference, credentials, use);
        }

        Uri secure = new($"https://{reference.Domain}/");
        if (!IsInsecure(reference.Domain) || DirectoryOf(reference.Domain) is not null)
        {
            return new RegistryClient(ClientFor(reference.Domain), secure, reference, credentials, use);
        }

        return new RegistryClient(_lax, await AnswersAsync(secure, ct) ? secure : new Uri($"http://{reference.Domain}/"), reference, credentials, use);
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.Unauthenticated"/>: the registry refuses; <see cref="ErrorKind.Unavailable"/>: it does not answer.</exception>
    public async Task CheckLoginAsync(string server, RegistryCredentials? credentials, CancellationToken ct)
    {
        string host = server.Split("://")[^1].Split('/')[0];
        string domain = host is "" or "index.docker.io" ? ImageReference.DockerHub : host;
        RegistryClient registry = await OpenAsync(new ImageReference(domain, "library/none", "latest", null), credentials, RegistryScope.Pull, ct);
        try
        {
            using HttpResponseMessage answer = await registry.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, registry.Root), ct);
        }
        catch (ClusterException e) when (e.Kind == ErrorKind.NotFound)
        {
            throw new ClusterException(ErrorKind.Unauthenticated, $"Get \"{registry.Root}\": unauthorized: incorrect username or password", e);
        }
        catch (HttpRequestException e)
        {
            throw new ClusterException(ErrorKind.Unavailable, Explain(registry.Description, e), e);
        }
    }

    /// <summary>Why no answer came, and what helps when it is for want of an address or of a certificate.</summary>
    /// <param name="asked">Who was asked: <c>registry example.org</c>.</param>
    public static string Explain(string asked, HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => $"{asked} has no address: {e.Message}; check the name of the image, and the name servers of this machine",
        HttpRequestError.SecureConnectionError
            => $"{asked}: {(e.InnerException ?? e).Message} (a registry without TLS, or with a certificate of its own, is named to every skepd with --insecure-registry)",
        _ => $"{asked}: {(e.InnerException ?? e).Message}",
    };

    public void Dispose()
    {
        _strict.Dispose();
        _lax.Dispose();
        foreach (HttpClient client in _trusting.Values)
        {
            client.Dispose();
        }
    }

    private string? DirectoryOf(string domain) => certificates.Select(d => Path.Combine(d, domain)).FirstOrDefault(d => Directory.Exists(d) && Directory.EnumerateFiles(d, "*.crt").Any());

    private HttpClient ClientFor(string domain)
    {
        if (DirectoryOf(domain) is not { } directory)
        {
            return _strict;
        }

        lock (_gate)
        {
            if (!_trusting.TryGetValue(directory, out HttpClient? client))
            {
                _trusting[directory] = client = Trusting(directory);
            }

            return client;
        }
    }

    /// <summary>A client that trusts the authorities of a directory besides the machine's, and shows the certificate (.cert with .key) that lies there.</summary>
    private static HttpClient Trusting(string directory)
    {
        var chain = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        foreach (string file in Directory.EnumerateFiles(directory, "*.crt"))
        {
            chain.CustomTrustStore.ImportFromPemFile(file);
        }

        var ssl = new SslClientAuthenticationOptions { CertificateChainPolicy = chain };
        foreach (string file in Directory.EnumerateFiles(directory, "*.cert").Where(f => File.Exists(Path.ChangeExtension(f, ".key"))))
        {
            (ssl.ClientCertificates ??= []).Add(X509Certificate2.CreateFromPemFile(file, Path.ChangeExtension(file, ".key")));
        }

        return new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), SslOptions = ssl }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Whether a registry may be without TLS, or with a certificate that nobody vouches for.</summary>
    internal bool IsInsecure(string domain)
    {
        string host = domain.Split(':')[0];
        return insecure.Contains(domain) || insecure.Contains(host) || host == "localhost"
            || (IPAddress.TryParse(host, out IPAddress? address) && (IPAddress.IsLoopback(address) || insecure.Any(r => IPNetwork.TryParse(r, out IPNetwork range) && range.Contains(address))));
    }

    private async Task<bool> AnswersAsync(Uri endpoint, CancellationToken ct)
    {
        try
        {
            using HttpResponseMessage answer = await _lax.GetAsync(new Uri(endpoint, "v2/"), HttpCompletionOption.ResponseHeadersRead, ct);
            return true;
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException or IOException or System.Net.Sockets.SocketException || e.HttpRequestError != HttpRequestError.Unknown)
        {
            return false;
        }
    }
}
