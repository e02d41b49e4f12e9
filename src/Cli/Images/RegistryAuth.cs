using System.Text;
using System.Text.Json;
using Skep.Cli.Output;
using Skep.Cli.Services;
using Skep.Wire;

namespace Skep.Cli.Images;

/// <summary>Credentials of registries, from Docker's <c>config.json</c>.</summary>
internal static class RegistryAuth
{
    private const string Anonymous = "e30=";
    private const string Hub = "https://index.docker.io/v1/";

    /// <summary>The header for the registry of <paramref name="image"/>; that of an anonymous user where nothing is kept.</summary>
    public static string For(Terminal terminal, string image)
    {
        string folder = terminal.Variable("DOCKER_CONFIG") ?? Path.Combine(terminal.Variable("HOME") ?? "/root", ".docker");
        string path = Path.Combine(folder, "config.json");
        string registry = ImageReference.Full(image).Repository.Split('/')[0];
        registry = registry == "docker.io" ? Hub : registry;
        try
        {
            if (!File.Exists(path))
            {
                return Anonymous;
            }

            using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(path));
            if (!config.RootElement.TryGetProperty("auths", out JsonElement auths) || auths.ValueKind != JsonValueKind.Object)
            {
                return Anonymous;
            }

            JsonProperty entry = auths.EnumerateObject().FirstOrDefault(auth => auth.Name == registry || auth.Name.Replace("https://", "", StringComparison.Ordinal).Split('/')[0] == registry);
            if (entry.Value.ValueKind != JsonValueKind.Object)
            {
                return Anonymous;
            }

            string basic = entry.Value.TryGetProperty("auth", out JsonElement auth) ? Encoding.UTF8.GetString(Convert.FromBase64String(auth.GetString() ?? "")) : "";
            int colon = basic.IndexOf(':', StringComparison.Ordinal);
            WireAuth credentials = new()
            {
                Username = colon > 0 ? basic[..colon] : null,
                Password = colon > 0 ? basic[(colon + 1)..].TrimEnd('\0') : null,
                ServerAddress = entry.Name,
                IdentityToken = entry.Value.TryGetProperty("identitytoken", out JsonElement token) ? token.GetString() : null,
            };
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(credentials, WireJson.Default.WireAuth);
            return Convert.ToBase64String(json).Replace('+', '-').Replace('/', '_');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            terminal.Err.WriteLine($"WARNING: {path} is not used: {failure.Message}");
            return Anonymous;
        }
    }
}
