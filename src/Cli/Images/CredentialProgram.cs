using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skep.Cli.Images;

/// <summary>A program that keeps credentials: <c>docker-credential-NAME get|store|erase</c>, spoken to in JSON.</summary>
/// <remarks>Source: docker/docker-credential-helpers, README, Development.</remarks>
internal sealed class CredentialProgram(string name)
{
    private const string NotFound = "credentials not found";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The one for a server (<c>credHelpers</c>), or for all (<c>credsStore</c>); null: the file keeps them.</summary>
    public static CredentialProgram? Of(JsonObject settings, string server)
    {
        string? own = (settings["credHelpers"] as JsonObject)?[server.Replace("https://", "", StringComparison.Ordinal).TrimEnd('/')]?.GetValue<string>()
            ?? (settings["credHelpers"] as JsonObject)?[server]?.GetValue<string>();
        return (own ?? settings["credsStore"]?.GetValue<string>()) is { Length: > 0 } program ? new CredentialProgram(program) : null;
    }

    /// <summary>Null where it has none.</summary>
    public (string Username, string Secret)? Get(string server)
    {
        (int exit, string output) = Run("get", server);
        if (exit != 0)
        {
            return output.Contains(NotFound, StringComparison.Ordinal) ? null : throw Failed("get", output);
        }

        try
        {
            JsonNode? found = JsonNode.Parse(output);
            return (found?["Username"]?.GetValue<string>() ?? "", found?["Secret"]?.GetValue<string>() ?? "");
        }
        catch (JsonException)
        {
            throw Failed("get", output);
        }
    }

    public void Store(string server, string username, string secret)
    {
        (int exit, string output) = Run("store", new JsonObject { ["ServerURL"] = server, ["Username"] = username, ["Secret"] = secret }.ToJsonString());
        if (exit != 0)
        {
            throw Failed("store", output);
        }
    }

    public void Erase(string server)
    {
        (int exit, string output) = Run("erase", server);
        if (exit != 0 && !output.Contains(NotFound, StringComparison.Ordinal))
        {
            throw Failed("erase", output);
        }
    }

    private (int Exit, string Output) Run(string action, string input)
    {
        ProcessStartInfo start = new($"docker-credential-{name}", [action]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        try
        {
            using Process process = Process.Start(start) ?? throw Failed(action, "it did not start");
            Tell(process, input);
            string output = process.StandardOutput.ReadToEnd();
            return process.WaitForExit(Limit) ? (process.ExitCode, output) : throw Failed(action, "it does not end");
        }
        catch (Exception failure) when (failure is Win32Exception or IOException)
        {
            throw Failed(action, failure.Message);
        }
    }

    /// <summary>One that knows its answer need not listen to the end.</summary>
    private static void Tell(Process process, string input)
    {
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            return; // Its exit code and its words say the rest.
        }
    }

    private CliException Failed(string action, string output) => new($"error getting credentials - err: docker-credential-{name} {action}: {output.Trim()}");
}
