using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Skep.Worker.Local;

namespace Skep.Worker.Images;

/// <summary>One image of a registry, with the login it needs.</summary>
/// <remarks>Source: opencontainers/distribution-spec:spec.md, Pull.</remarks>
internal sealed class RegistrySource(HttpClient http, Uri endpoint, ImageReference reference, RegistryCredentials? credentials) : IImageSource
{
    private readonly Lock _gate = new();
    private AuthenticationHeaderValue? _authorization = credentials is { RegistryToken.Length: > 0 }
        ? new AuthenticationHeaderValue("Bearer", Encoding.UTF8.GetString(credentials.RegistryToken.Reveal()))
        : null;

    public string Description => $"registry {endpoint.Authority}";

    public async Task<Descriptor> ResolveAsync(CancellationToken ct)
    {
        using HttpResponseMessage answer = await SendAsync($"manifests/{reference.Selector}", 0, manifest: true, ct);
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync(ct);
        string digest = Digest.Of(bytes);
        if (reference.Digest is not null && reference.Digest != digest)
            throw ClusterException.Invalid($"manifest verification failed for digest {reference.Digest}");
        return new Descriptor { MediaType = answer.Content.Headers.ContentType?.MediaType ?? "", Digest = digest, Size = bytes.Length };
    }

    public async Task<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        bool manifest = MediaTypes.IsIndex(blob.MediaType) || MediaTypes.IsManifest(blob.MediaType);
        HttpResponseMessage answer = await SendAsync($"{(manifest ? "manifests" : "blobs")}/{blob.Digest}", offset, manifest, ct);
        Stream stream = await answer.Content.ReadAsStreamAsync(ct);
        if (offset > 0 && answer.StatusCode != HttpStatusCode.PartialContent)
            await SkipAsync(stream, offset, ct);
        return stream;
    }

    /// <summary>A registry that knows no ranges sends everything again.</summary>
    private static async Task SkipAsync(Stream stream, long bytes, CancellationToken ct)
    {
        byte[] buffer = new byte[64 * 1024];
        while (bytes > 0)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, bytes)), ct);
            if (read == 0)
                return;
            bytes -= read;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string path, long offset, bool manifest, CancellationToken ct)
    {
        for (bool retried = false; ; retried = true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint, $"v2/{reference.Path}/{path}"));
            if (manifest)
                request.Headers.TryAddWithoutValidation("Accept", string.Join(", ", MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerList, MediaTypes.DockerManifest));
            if (offset > 0)
                request.Headers.Range = new RangeHeaderValue(offset, null);
            lock (_gate)
                request.Headers.Authorization = _authorization;
            HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (answer.IsSuccessStatusCode)
                return answer;
            using (answer)
            {
                if (answer.StatusCode == HttpStatusCode.Unauthorized && !retried && await LogInAsync(answer, ct))
                    continue;
                throw await RefusalAsync(answer, ct);
            }
        }
    }

    /// <returns>False when the registry's demand cannot be met.</returns>
    private async Task<bool> LogInAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        foreach (string header in answer.Headers.NonValidated["WWW-Authenticate"])
        {
            AuthChallenge? challenge = AuthChallenge.Parse(header);
            AuthenticationHeaderValue? authorization = challenge switch
            {
                { Scheme: var s } when s.Equals("Basic", StringComparison.OrdinalIgnoreCase) && credentials is { User.Length: > 0 } => RegistryAuth.Basic(credentials),
                { Scheme: var s } when s.Equals("Bearer", StringComparison.OrdinalIgnoreCase) => new AuthenticationHeaderValue("Bearer", await FetchTokenAsync(challenge, ct)),
                _ => null,
            };
            if (authorization is null)
                continue;
            lock (_gate)
                _authorization = authorization;
            return true;
        }

        return false;
    }

    private async Task<string> FetchTokenAsync(AuthChallenge challenge, CancellationToken ct)
    {
        if (!challenge.Parameters.TryGetValue("realm", out string? realm) || !Uri.TryCreate(realm, UriKind.Absolute, out Uri? server))
            throw new ClusterException(ErrorKind.Unavailable, $"{Description} asks for a token but names no server");
        string service = challenge.Parameters.GetValueOrDefault("service", "");
        string scope = challenge.Parameters.GetValueOrDefault("scope", $"repository:{reference.Path}:pull");
        using var request = new HttpRequestMessage();
        if (credentials is { IdentityToken.Length: > 0 })
        {
            request.Method = HttpMethod.Post;
            request.RequestUri = server;
            request.Content = new FormUrlEncodedContent(
            [
                new("grant_type", "refresh_token"), new("service", service), new("client_id", "skep"), new("scope", scope),
                new("refresh_token", Encoding.UTF8.GetString(credentials.IdentityToken.Reveal())),
            ]);
        }
        else
        {
            string separator = server.Query.Length > 0 ? "&" : "?";
            request.RequestUri = new Uri($"{server}{separator}service={Uri.EscapeDataString(service)}&scope={Uri.EscapeDataString(scope)}");
            if (credentials is { User.Length: > 0 })
                request.Headers.Authorization = RegistryAuth.Basic(credentials);
        }

        using HttpResponseMessage answer = await http.SendAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
            throw await RefusalAsync(answer, ct);
        TokenJson? token = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(ct), ImageJsonContext.Default.TokenJson);
        return token?.Token ?? token?.AccessToken ?? throw new ClusterException(ErrorKind.Unavailable, $"{server.Authority} gave no token");
    }

    private async Task<ClusterException> RefusalAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        string detail = answer.ReasonPhrase ?? "";
        try
        {
            byte[] body = await answer.Content.ReadAsByteArrayAsync(ct);
            RegistryErrorJson? first = JsonSerializer.Deserialize(body, ImageJsonContext.Default.RegistryErrorsJson)?.Errors?.FirstOrDefault();
            if (first is not null)
                detail = $"{first.Code?.ToLowerInvariant().Replace('_', ' ')}: {first.Message}";
        }
        catch (JsonException)
        {
            detail = $"{(int)answer.StatusCode} {detail}";
        }

        return answer.StatusCode switch
        {
            HttpStatusCode.NotFound => new(ErrorKind.NotFound, $"manifest for {reference.FamiliarName} not found: {detail}"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(
                ErrorKind.NotFound, $"pull access denied for {reference.FamiliarRepository}, repository does not exist or may require 'docker login': {detail}"),
            HttpStatusCode.TooManyRequests => new(ErrorKind.Unavailable, $"{Description}: toomanyrequests: {detail}"),
            _ => new(ErrorKind.Unavailable, $"{Description} answered {(int)answer.StatusCode}: {detail}"),
        };
    }
}

/// <summary>Finds the way to a registry: which scheme it speaks, which mirrors stand before it.</summary>
internal sealed class Registries(ValueList<string> insecure, ValueList<string> mirrors) : IDisposable
{
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
        if (reference.Domain == ImageReference.DockerHub)
        {
            foreach (string mirror in mirrors)
                sources.Add(new RegistrySource(_strict, new Uri(mirror.TrimEnd('/') + "/"), reference, credentials: null));
            sources.Add(new RegistrySource(_strict, new Uri("https://registry-1.docker.io/"), reference, credentials));
        }
        else if (IsInsecure(reference.Domain))
        {
            Uri secure = new($"https://{reference.Domain}/");
            Uri plain = new($"http://{reference.Domain}/");
            sources.Add(new RegistrySource(_lax, await AnswersAsync(secure, ct) ? secure : plain, reference, credentials));
        }
        else
        {
            sources.Add(new RegistrySource(_strict, new Uri($"https://{reference.Domain}/"), reference, credentials));
        }

        return sources;
    }

    public void Dispose()
    {
        _strict.Dispose();
        _lax.Dispose();
    }

    private bool IsInsecure(string domain)
    {
        string host = domain.Split(':')[0];
        return insecure.Contains(domain) || insecure.Contains(host) || host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
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
