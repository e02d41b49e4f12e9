using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Skep.Engine.Images;

/// <summary>What is wanted of a registry: it may allow the one and not the other.</summary>
internal enum RegistryScope
{
    Pull,
    Push,
}

/// <summary>Requests about one image to one registry, with the login the registry asks for.</summary>
/// <remarks>Source: opencontainers/distribution-spec:spec.md; distribution:docs/spec/auth/token.md.</remarks>
internal sealed class RegistryClient(HttpClient http, Uri endpoint, ImageReference reference, RegistryCredentials? credentials, RegistryScope use)
{
    private readonly Lock _gate = new();
    private AuthenticationHeaderValue? _authorization = credentials is { RegistryToken.Length: > 0 }
        ? new AuthenticationHeaderValue("Bearer", Encoding.UTF8.GetString(credentials.RegistryToken.Reveal()))
        : null;

    public string Description => $"registry {endpoint.Authority}";

    public ImageReference Reference => reference;

    /// <summary>Address of something of this image.</summary>
    /// <param name="path"><c>manifests/latest</c>, <c>blobs/uploads/</c> …</param>
    public Uri AddressOf(string path) => new(endpoint, $"v2/{reference.Path}/{path}");

    /// <summary>The registry itself, for asking whether it lets us in.</summary>
    public Uri Root => new(endpoint, "v2/");

    /// <summary>Sends a request, a second time with a login if the registry asks for one.</summary>
    /// <param name="request">Called for each attempt.</param>
    /// <returns>An answer of success, or of the status given as fine too.</returns>
    /// <exception cref="ClusterException">The registry refuses, in Docker's words.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken ct, HttpStatusCode? alsoFine = null)
    {
        for (bool retried = false; ; retried = true)
        {
            using HttpRequestMessage message = request();
            lock (_gate)
            {
                message.Headers.Authorization = _authorization;
            }

            HttpResponseMessage answer = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
            if (answer.IsSuccessStatusCode || answer.StatusCode == alsoFine)
            {
                return answer;
            }

            using (answer)
            {
                if (answer.StatusCode == HttpStatusCode.Unauthorized && !retried && await LogInAsync(answer, ct))
                {
                    continue;
                }

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
            {
                continue;
            }

            lock (_gate)
            {
                _authorization = authorization;
            }

            return true;
        }

        return false;
    }

    private async Task<string> FetchTokenAsync(AuthChallenge challenge, CancellationToken ct)
    {
        if (!challenge.Parameters.TryGetValue("realm", out string? realm) || !Uri.TryCreate(realm, UriKind.Absolute, out Uri? server))
        {
            throw new ClusterException(ErrorKind.Unavailable, $"{Description} asks for a token but names no server");
        }

        string service = challenge.Parameters.GetValueOrDefault("service", "");
        string scope = challenge.Parameters.GetValueOrDefault("scope", $"repository:{reference.Path}:{(use is RegistryScope.Push ? "pull,push" : "pull")}");
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
            {
                request.Headers.Authorization = RegistryAuth.Basic(credentials);
            }
        }

        using HttpResponseMessage answer = await http.SendAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
        {
            throw await RefusalAsync(answer, ct);
        }

        TokenJson? token = JsonSerializer.Deserialize(await BoundedContent.ReadAsync(answer.Content, $"the token of {server.Authority}", ct), ImageJsonContext.Default.TokenJson);
        return token?.Token ?? token?.AccessToken ?? throw new ClusterException(ErrorKind.Unavailable, $"{server.Authority} gave no token");
    }

    private async Task<ClusterException> RefusalAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        string detail = answer.ReasonPhrase ?? "";
        try
        {
            byte[] body = await BoundedContent.ReadAsync(answer.Content, $"the error of {Description}", ct);
            RegistryErrorJson? first = JsonSerializer.Deserialize(body, ImageJsonContext.Default.RegistryErrorsJson)?.Errors?.FirstOrDefault();
            if (first is not null)
            {
                detail = $"{first.Code?.ToLowerInvariant().Replace('_', ' ')}: {first.Message}";
            }
        }
        catch (JsonException)
        {
            detail = $"{(int)answer.StatusCode} {detail}";
        }

        return answer.StatusCode switch
        {
            HttpStatusCode.NotFound => new(ErrorKind.NotFound, $"manifest for {reference.FamiliarName} not found: {detail}"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(
                ErrorKind.NotFound, $"{(use is RegistryScope.Push ? "push" : "pull")} access denied for {reference.FamiliarRepository}, repository does not exist or may require 'docker login': {detail}"),
            HttpStatusCode.TooManyRequests => new(ErrorKind.Unavailable, $"{Description}: toomanyrequests: {detail}"),
            _ => new(ErrorKind.Unavailable, $"{Description} answered {(int)answer.StatusCode}: {detail}"),
        };
    }
}
