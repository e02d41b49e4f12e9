using Skep.Cli.Containers;
using Skep.Cli.Contexts;
using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Images;

/// <summary><c>login</c> and <c>logout</c>: the daemon tries the credentials, the client keeps them.</summary>
internal static class LoginVerbs
{
    private static readonly Flag<string> Username = Flag.Text("username", "Username", 'u');
    private static readonly Flag<string> Password = Flag.Text("password", "Password or Personal Access Token (PAT)", 'p');
    private static readonly Flag<bool> FromInput = Flag.Switch("password-stdin", "Take the Password or Personal Access Token (PAT) from stdin");

    public static readonly Verb Login = new("[OPTIONS] [SERVER]", "Authenticate to a registry", new Arity(0, 1), [Username, Password, FromInput], static async (call, cancellation) =>
    {
        if (call.Given(Password) && call.Get(FromInput))
        {
            throw new CliException("conflicting options: cannot specify both --password and --password-stdin");
        }

        if (call.Get(FromInput) && call.Get(Username).Length == 0)
        {
            throw new CliException("the --password-stdin option requires --username to be set");
        }

        if (call.Given(Password))
        {
            call.Err.WriteLine("WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
        }

        DockerConfig config = DockerConfig.Of(call.Terminal);
        string server = ServerOf(call);
        WireAuth? kept = call.Given(Username) ? null : RegistryAuth.Find(config, server);
        WireAuth credentials = kept is not null ? kept with { ServerAddress = server } : await AskAsync(call, server, cancellation);
        WireAuthResult result = await call.Engine.PostAsync("/auth", credentials, WireJson.Default.WireAuth, WireJson.Default.WireAuthResult, cancellation);
        if (result.IdentityToken is { Length: > 0 } token)
        {
            credentials = credentials with { IdentityToken = token, Password = null };
        }

        RegistryAuth.Keep(config, credentials);
        if (CredentialProgram.Of(config.Read(), server) is null)
        {
            call.Err.WriteLine($"\nWARNING! Your credentials are stored unencrypted in '{Path.Combine(config.Folder, "config.json")}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n");
        }

        call.Out.WriteLine(result.Status is { Length: > 0 } status ? status : "Login Succeeded");
        return 0;
    });

    public static readonly Verb Logout = new("[SERVER]", "Log out from a registry", new Arity(0, 1), [], static (call, _) =>
    {
        string server = ServerOf(call);
        string shown = call.Arguments.Length > 0 ? call.Arguments[0] : server;
        call.Out.WriteLine(RegistryAuth.Forget(DockerConfig.Of(call.Terminal), server) ? $"Removing login credentials for {shown}" : $"Not logged in to {shown}");
        return Task.FromResult(0);
    })
    {
        AsksDaemon = false,
    };

    private static string ServerOf(Invocation call) => call.Arguments is [var server, ..] && server is not ("docker.io" or "index.docker.io" or "registry-1.docker.io")
        ? server.Replace("https://", "", StringComparison.Ordinal).Replace("http://", "", StringComparison.Ordinal).Split('/')[0]
        : RegistryAuth.Hub;

    private static async Task<WireAuth> AskAsync(Invocation call, string server, CancellationToken cancellation)
    {
        string username = call.Get(Username);
        string password = call.Get(Password);
        using StreamReader input = new(call.Terminal.OpenInput());
        if (call.Get(FromInput))
        {
            password = (await input.ReadToEndAsync(cancellation)).TrimEnd('\r', '\n');
        }
        else if (username.Length == 0 || password.Length == 0)
        {
            if (!call.Terminal.CanAsk)
            {
                throw new CliException("cannot perform an interactive login from a non TTY device");
            }

            username = username.Length > 0 ? username : await PromptAsync(call, input, "Username: ", cancellation);
            using RawTerminal? hidden = RawTerminal.Hide();
            password = await PromptAsync(call, input, "Password: ", cancellation);
            call.Out.WriteLine();
        }

        return password.Length == 0 ? throw new CliException("password is empty") : new WireAuth { Username = username, Password = password, ServerAddress = server };
    }

    private static async Task<string> PromptAsync(Invocation call, StreamReader input, string words, CancellationToken cancellation)
    {
        call.Out.Write(words);
        call.Out.Flush();
        return (await input.ReadLineAsync(cancellation))?.Trim() ?? "";
    }
}
