using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skep.Cli.Engine;

namespace Skep.Cli.Tests;

/// <summary>Contexts: the same words, files and answers as docker's, in the same store.</summary>
public sealed class ContextTests
{
    private const string DockersDefault = "unix:///var/run/docker.sock";

    [DockerFact]
    public async Task Each_context_verb_does_what_dockers_does()
    {
        using TempFolder theirs = new();
        using TempFolder ours = new();
        using ECDsa key = ECDsa.Create();
        using X509Certificate2 authority = new CertificateRequest("CN=ca", key, HashAlgorithmName.SHA256).CreateSelfSigned(CliRun.Now, CliRun.Now.AddYears(20));
        foreach (string folder in (string[])[theirs.Path, ours.Path])
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
            await File.WriteAllTextAsync(Path.Combine(folder, "not.pem"), "hello");
        }

        List<string> differences = [];
        foreach (string line in (string[])
        [
            "create aa --docker host=tcp://10.0.0.1:2376,ca=ca.pem,skip-tls-verify=true --description one", "create aa", "create bb --docker host=unix:///run/x.sock", "create cc --docker from=bb",
            "create dd --from aa", "create ee --docker host=nonsense", "create x", "create default", "create gg --docker bad=1", "create hh --docker host=tcp://x:1,ca=nofile", "create hh --docker host=tcp://x:1,ca=not.pem",
            "ls", "ls -q", "ls --format json", "use aa", "use nosuch", "show", "ls", "inspect aa", "inspect -f {{.Endpoints.docker.Host}} bb", "rm aa", "rm cc nosuch", "rm default", "update dd --description new", "update dd --docker host=tcp://y:1",
            "update nosuch --description x", "export dd", "export dd", "import zz dd.dockercontext", "import zz dd.dockercontext", "import yy nofile", "inspect zz", "rm -f aa", "show", "export nosuch", "use zz", "use default", "ls",
        ])
        {
            string[] words = ["context", .. line.Split(' ')];
            CliRun wanted = await DockerProgram.RunAsync("", words, theirs.Path);
            CliRun run = await CliRun.Of("", words, folder: ours.Path, environment: new Dictionary<string, string> { ["DOCKER_CONFIG"] = ours.Path });
            string output = run.Out.Replace(ours.Path, theirs.Path, StringComparison.Ordinal).Replace(EngineHost.Default, DockersDefault, StringComparison.Ordinal);
            string error = run.Err.Replace(ours.Path, theirs.Path, StringComparison.Ordinal);
            if ((run.ExitCode, Spaceless(output), error.Trim()) != (wanted.ExitCode, Spaceless(wanted.Out), wanted.Err.Trim()))
            {
                differences.Add($"{line}\n docker {wanted.ExitCode} {wanted.Out}{wanted.Err}\n skep   {run.ExitCode} {output}{error}");
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences));
        // Each reads what the other wrote.
        CliRun read = await CliRun.Of("", ["context", "inspect", "zz"], folder: theirs.Path, environment: new Dictionary<string, string> { ["DOCKER_CONFIG"] = theirs.Path });
        Assert.Contains("tcp://y:1", read.Out, StringComparison.Ordinal);
        CliRun written = await DockerProgram.RunAsync("", ["context", "inspect", "zz"], ours.Path);
        Assert.Contains("tcp://y:1", written.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_context_names_the_daemon_that_is_asked()
    {
        using TempFolder folder = new();
        await using FakeEngine engine = new(SampleCluster.Answer);
        Dictionary<string, string> environment = new() { ["DOCKER_CONFIG"] = folder.Path };
        await CliRun.Of("", ["context", "create", "here", "--docker", $"host={engine.Host}"], environment: environment);
        Assert.Equal(0, (await CliRun.Of("", ["--context", "here", "service", "ls"], environment: environment)).ExitCode);
        Assert.Equal(0, (await CliRun.Of("", ["service", "ls"], environment: new Dictionary<string, string>(environment) { ["DOCKER_CONTEXT"] = "here" })).ExitCode);
        await CliRun.Of("", ["context", "use", "here"], environment: environment);
        Assert.Equal(0, (await CliRun.Of("", ["service", "ls"], environment: environment)).ExitCode);
        CliRun both = await CliRun.Of("", ["--context", "here", "-H", "unix:///x", "service", "ls"], environment: environment);
        Assert.Equal((1, true), (both.ExitCode, both.Err.StartsWith("conflicting options: cannot specify both --host and --context", StringComparison.Ordinal)));
        CliRun gone = await CliRun.Of("", ["--context", "gone", "service", "ls"], environment: environment);
        Assert.StartsWith("Failed to initialize: unable to resolve docker endpoint: context \"gone\": context not found", gone.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ssh://me@box:2222", "-o ConnectTimeout=30 -T -p 2222 -- me@box p=$(command -v skep || echo docker); exec \"$p\" system dial-stdio")]
    [InlineData("ssh://box/run/x.sock", "-o ConnectTimeout=30 -T -- box p=$(command -v skep || echo docker); exec \"$p\" --host unix:///run/x.sock system dial-stdio")]
    public void Ssh_is_given_the_far_end_to_run(string host, string words) => Assert.Equal(words, string.Join(' ', SshTarget.Parse(host).Arguments()));

    [Theory]
    [InlineData("ssh://me:secret@box")]
    [InlineData("ssh://-oProxyCommand=x")]
    [InlineData("ssh://")]
    [InlineData("nonsense")]
    public void A_host_that_cannot_be_is_refused(string host) => Assert.ThrowsAny<CliException>(() => EngineHost.Parse(host));

    /// <summary>Column widths follow the lengths of folders and sockets.</summary>
    private static string Spaceless(string text) => string.Join(' ', text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("skt-cli-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
