using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Skep.Engine.Images;

/// <summary>A registry's demand: <c>Bearer realm="…",service="…",scope="…"</c> or <c>Basic realm="…"</c>.</summary>
/// <remarks>Source: RFC 9110 §11.6.1; distribution:docs/spec/auth/token.md.</remarks>
internal sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public static AuthChallenge? Parse(string header)
    {
        int space = header.IndexOf(' ', StringComparison.Ordinal);
        string scheme = space < 0 ? header : header[..space];
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        ReadOnlySpan<char> rest = space < 0 ? [] : header.AsSpan(space + 1);
        while (rest.Length > 0)
        {
            int equals = rest.IndexOf('=');
            if (equals < 0)
            {
                break;
            }

            string name = rest[..equals].Trim(", ").ToString();
            rest = rest[(equals + 1)..];
            int end;
            if (rest.Length > 0 && rest[0] == '"')
            {
                rest = rest[1..];
                end = rest.IndexOf('"');
            }
            else
            {
                end = rest.IndexOf(',');
            }

            if (end < 0)
            {
                end = rest.Length;
            }

            parameters[name] = rest[..end].ToString();
            rest = end < rest.Length ? rest[(end + 1)..] : [];
        }

        return scheme.Length == 0 ? null : new AuthChallenge(scheme, parameters);
    }
}

/// <summary>Registry credentials in their several spellings.</summary>
internal static class RegistryAuth
{
    /// <summary>Reads the decoded JSON of X-Registry-Auth; null when it carries nothing.</summary>
    public static RegistryCredentials? Decode(SensitiveBytes json)
    {
        if (json.Length == 0)
        {
            return null;
        }

        RegistryAuthJson? parsed;
        try
        {
            parsed = JsonSerializer.Deserialize(json.Reveal(), ImageJsonContext.Default.RegistryAuthJson);
        }
        catch (JsonException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, "registry credentials are not valid JSON", e);
        }

        if (parsed is null)
        {
            return null;
        }

        (string user, string password) = (parsed.Username ?? "", parsed.Password ?? "");
        if (user.Length == 0 && !string.IsNullOrEmpty(parsed.Auth))
        {
            string pair = Encoding.UTF8.GetString(Convert.FromBase64String(parsed.Auth));
            int colon = pair.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                (user, password) = (pair[..colon], pair[(colon + 1)..]);
            }
        }

        if (user.Length == 0 && string.IsNullOrEmpty(parsed.Identitytoken) && string.IsNullOrEmpty(parsed.Registrytoken))
        {
            return null;
        }

        return new RegistryCredentials(user, Sensitive(password)) { IdentityToken = Sensitive(parsed.Identitytoken), RegistryToken = Sensitive(parsed.Registrytoken) };
    }

    public static AuthenticationHeaderValue Basic(RegistryCredentials credentials)
        => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.User}:{Encoding.UTF8.GetString(credentials.Password.Reveal())}")));

    private static SensitiveBytes Sensitive(string? text) => SensitiveBytes.From(Encoding.UTF8.GetBytes(text ?? ""));
}
