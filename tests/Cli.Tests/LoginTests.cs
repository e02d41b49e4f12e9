using System.Text;
using System.Text.Json.Nodes;
using Skep.Cli.Contexts;
using Skep.Cli.Images;
using Skep.Wire;

namespace Skep.Cli.Tests;

/// <summary>Credentials: kept where docker keeps them, in the file or by a helper program.</summary>
public sealed class LoginTests
{
    [DockerFact]
    public async Task Login_and_logout_leave_what_dockers_leave()
    {
        using TempFolder theirs = new();
        using TempFolder ours = new();
        await using FakeEngine engine = new(Answer);
        foreach (string line in (string[])["login -u me -p secret reg.example:5000", "login -u hub -p secret", "logout reg.example:5000", "logout reg.example:5000"])
        {
            CliRun wanted = await DockerProgram.RunAsync(engine.Host, line.Split(' '), theirs.Path);
            CliRun run = await CliRun.Of(engine.Host, line.Split(' '), environment: new Dictionary<string, string> { ["DOCKER_CONFIG"] = ours.Path });
            Assert.Equal(wanted.ExitCode, run.ExitCode);
            Assert.Equal(Auths(theirs), Auths(ours));
        }

        Assert.Contains("https://index.docker.io/v1/", Auths(ours), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_password_may_come_from_standard_input()
    {
        using TempFolder folder = new();
        await using FakeEngine engine = new(Answer);
        CliRun run = await CliRun.Of(engine.Host, ["login", "-u", "me", "--password-stdin", "reg.example"], input: "secret\n", environment: new Dictionary<string, string> { ["DOCKER_CONFIG"] = folder.Path });
        Assert.Equal((0, "Login Succeeded\n"), (run.ExitCode, run.Out));
        Assert.Contains("\"password\":\"secret\"", engine.Requests[^1].Body, StringComparison.Ordinal);
        CliRun refused = await CliRun.Of(engine.Host, ["login", "--password-stdin", "reg.example"], environment: new Dictionary<string, string> { ["DOCKER_CONFIG"] = folder.Path });
        Assert.Equal((1, "the --password-stdin option requires --username to be set\n"), (refused.ExitCode, refused.Err));
    }

    [Fact]
    public async Task A_helper_program_keeps_them_where_one_is_named()
    {
        using TempFolder folder = new();
        string kept = Path.Combine(folder.Path, "kept");
        string program = Path.Combine(folder.Path, "docker-credential-test");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\ncase $1 in store) cat > {kept};; get) [ -f {kept} ] && cat {kept} || {{ echo 'credentials not found in native keychain'; exit 1; }};; erase) rm -f {kept};; esac\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string? path = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("PATH", $"{folder.Path}:{path}");
        try
        {
            DockerConfig config = new(folder.Path);
            config.Change(settings => settings["credHelpers"] = new JsonObject { ["reg.example"] = "test" });
            Assert.Null(RegistryAuth.Find(config, "reg.example"));
            RegistryAuth.Keep(config, new WireAuth { ServerAddress = "reg.example", Username = "me", Password = "secret" });
            Assert.DoesNotContain("secret", await File.ReadAllTextAsync(Path.Combine(folder.Path, "config.json")), StringComparison.Ordinal);
            Assert.Equal(("me", "secret"), (RegistryAuth.Find(config, "reg.example")!.Username, RegistryAuth.Find(config, "reg.example")!.Password));

            // What goes with a service is what the helper has.
            await using FakeEngine engine = new(SampleCluster.Answer);
            await CliRun.Of(engine.Host, ["service", "create", "-d", "--with-registry-auth", "reg.example/app"], environment: new Dictionary<string, string> { ["DOCKER_CONFIG"] = folder.Path });
            string header = engine.Requests.First(static r => r is { Method: "POST", Path: "/services/create" }).RegistryAuth!;
            Assert.Contains("\"password\":\"secret\"", Encoding.UTF8.GetString(Convert.FromBase64String(header.Replace('-', '+').Replace('_', '/'))), StringComparison.Ordinal);
            Assert.True(RegistryAuth.Forget(config, "reg.example"));
            Assert.Null(RegistryAuth.Find(config, "reg.example"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
    }

    private static string Auths(TempFolder folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder.Path, "config.json")))!["auths"] is JsonObject auths
        ? string.Join('\n', auths.OrderBy(static auth => auth.Key, StringComparer.Ordinal).Select(static auth => $"{auth.Key} {auth.Value!.ToJsonString()}")) : "";

    private static FakeAnswer? Answer(SeenRequest request) => request.Path switch
    {
        "/auth" => new FakeAnswer(200, """{"Status":"Login Succeeded","IdentityToken":""}"""),
        "/info" => new FakeAnswer(200, """{"IndexServerAddress":"https://index.docker.io/v1/"}"""),
        _ => null,
    };
}
