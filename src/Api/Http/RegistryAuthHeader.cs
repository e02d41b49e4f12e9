using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Skep.Engine.Images;

namespace Skep.Api.Http;

/// <summary><c>X-Registry-Auth</c>: base64url of a JSON object with the credentials for one registry.</summary>
internal static class RegistryAuthHeader
{
    /// <returns>The JSON; empty for anonymous or unreadable; null if there is no such header.</returns>
    public static SensitiveBytes? Read(HttpRequest request)
    {
        string text = request.Headers["X-Registry-Auth"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        byte[]? json = Decode(text);
        return json is null || IsAnonymous(json) ? SensitiveBytes.Empty : SensitiveBytes.From(json);
    }

    public static RegistryCredentials? ReadCredentials(HttpRequest request)
    {
        if (Read(request) is not { Length: > 0 } json || JsonSerializer.Deserialize(json.Reveal(), WireJson.Default.WireAuth) is not { } auth)
        {
            return null;
        }

        return new RegistryCredentials(auth.Username ?? "", Hidden(auth.Password)) { IdentityToken = Hidden(auth.IdentityToken) };
    }

    private static SensitiveBytes Hidden(string? text) => SensitiveBytes.From(Encoding.UTF8.GetBytes(text ?? ""));

    private static byte[]? Decode(string text)
    {
        string standard = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        byte[] buffer = new byte[text.Length];
        return Convert.TryFromBase64String(standard.PadRight((standard.Length + 3) / 4 * 4, '='), buffer, out int written) ? buffer[..written] : null;
    }

    private static bool IsAnonymous(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, WireJson.Default.WireAuth) is null
                or { Username: null or "", Password: null or "", IdentityToken: null or "" };
        }
        catch (JsonException)
        {
            // Docker takes what it cannot read for no credentials.
            return true;
        }
    }
}
