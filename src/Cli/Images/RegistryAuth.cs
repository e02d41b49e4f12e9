using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skep.Cli.Contexts;
using Skep.Cli.Output;
using Skep.Cli.Services;
using Skep.Wire;

namespace Skep.Cli.Images;

/// <summary>Credentials of registries, where Docker's CLI keeps them: <c>config.json</c>, or the helper programs it names.</summary>
internal static class RegistryAuth
{
    public const string Hub = "https://index.docker.io/v1/";
    private const string Anonymous = "e30=";
    private const string TokenUser = "<token>";

    /// <summary>The header for the registry of <paramref name="image"/>; that of an anonymous user where nothing is kept.</summary>
    public static string For(Terminal terminal, string image)
    {
        string registry = ImageReference.Full(image).Repository.Split('/')[0];
        DockerConfig config = DockerConfig.Of(terminal);
        try
        {
            return Find(config, registry == "docker.io" ? Hub : registry) is { } found ? Encode(found) : Anonymous;
        }
        catch (Exception failure) when (failure is CliException or FormatException or InvalidOperationException)
        {
            terminal.Err.WriteLine($"WARNING: credentials of {config.Folder} are not used: {failure.Message}");
            return Anonymous;
        }
    }

    /// <summary>Of a server as <c>login</c> is given it; null where nothing is kept.</summary>
    public static WireAuth? Find(DockerConfig config, string server)
    {
        JsonObject settings = config.Read();
        if (CredentialProgram.Of(settings, server) is { } helper)
        {
            return helper.Get(server) is not { } kept ? null
                : kept.Username == TokenUser ? new WireAuth { ServerAddress = server, IdentityToken = kept.Secret }
                : new WireAuth { ServerAddress = server, Username = kept.Username, Password = kept.Secret };
        }

        if (settings["auths"] is not JsonObject auths || auths.FirstOrDefault(auth => IsOf(auth.Key, server)) is not { Value: JsonObject entry, Key: var name })
        {
            return null;
        }

        string basic = entry["auth"]?.GetValue<string>() is { Length: > 0 } encoded ? Encoding.UTF8.GetString(Convert.FromBase64String(encoded)) : "";
        int colon = basic.IndexOf(':', StringComparison.Ordinal);
        WireAuth found = new()
        {
            Username = colon > 0 ? basic[..colon] : null,
            Password = colon > 0 ? basic[(colon + 1)..].TrimEnd('\0') : null,
            ServerAddress = name,
            IdentityToken = entry["identitytoken"]?.GetValue<string>() is { Length: > 0 } token ? token : null,
        };
        return found is { Username: null, IdentityToken: null } ? null : found;
    }

    public static void Keep(DockerConfig config, WireAuth credentials)
    {
        string server = credentials.ServerAddress!;
        bool isToken = credentials.IdentityToken is { Length: > 0 };
        if (CredentialProgram.Of(config.Read(), server) is { } helper)
        {
            helper.Store(server, isToken ? TokenUser : credentials.Username ?? "", (isToken ? credentials.IdentityToken : credentials.Password) ?? "");
            config.Change(settings => Auths(settings)[server] = new JsonObject());
            return;
        }

        JsonObject entry = new() { ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.Username}:{(isToken ? "" : credentials.Password)}")) };
        if (isToken)
        {
            entry["identitytoken"] = credentials.IdentityToken;
        }

        config.Change(settings => Auths(settings)[server] = entry);
    }

    /// <returns>False when nothing was kept.</returns>
    public static bool Forget(DockerConfig config, string server)
    {
        JsonObject settings = config.Read();
        bool isKept = settings["auths"] is JsonObject auths && auths.Any(auth => IsOf(auth.Key, server));
        bool hasHelper = CredentialProgram.Of(settings, server) is not null;
        if (!isKept && !hasHelper)
        {
            return false;
        }

        CredentialProgram.Of(settings, server)?.Erase(server);
        config.Change(changed =>
        {
            foreach (string name in Auths(changed).Select(static auth => auth.Key).Where(name => IsOf(name, server)).ToList())
            {
                Auths(changed).Remove(name);
            }
        });
        return isKept;
    }

    public static string Encode(WireAuth credentials)
        => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(credentials, WireJson.Default.WireAuth)).Replace('+', '-').Replace('/', '_');

    /// <summary><c>https://reg.example/v1/</c> is kept for <c>reg.example</c>.</summary>
    private static bool IsOf(string kept, string server) => kept == server || Bare(kept) == Bare(server);

    private static string Bare(string address)
    {
        string bare = address.Replace("https://", "", StringComparison.Ordinal).Replace("http://", "", StringComparison.Ordinal);
        return bare.Split('/')[0];
    }

    private static JsonObject Auths(JsonObject settings)
    {
        if (settings["auths"] is not JsonObject auths)
        {
            settings["auths"] = auths = [];
        }

        return auths;
    }
}
