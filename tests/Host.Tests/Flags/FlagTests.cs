using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Flags;

/// <summary>flags.txt, typed by the stock docker CLI: every flag is obeyed, or refused by name.</summary>
[Collection(DisturbingFacts.Name)]
public sealed partial class FlagTests : ClusterFacts
{
    private const string Image = "probe:latest";
    private static readonly FlagLine[] Lines = FlagLine.Read(Repository.PathOf("tests", "Host.Tests", "Flags", "flags.txt"));

    [Fact]
    public async Task Every_flag_that_docker_offers_for_a_cluster_is_in_the_table()
    {
        var lacking = new List<string>();
        foreach (string group in (string[])["swarm", "node", "service", "stack", "network", "secret", "config", "volume"])
        {
            string help = (await Command.RunAsync("docker", group, "--help")).Out;
            foreach (string verb in CommandLine().Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(m => m.Groups[1].Value))
            {
                string command = $"{group} {verb}";
                HashSet<string> known = [.. Lines.Where(l => l.Command == command || (l.Command == $"{group} {verb}")).SelectMany(l => l.Flags)];
                string offered = (await Command.RunAsync("docker", group, verb, "--help")).Out;
                lacking.AddRange(FlagOfHelp().Matches(offered).Select(m => m.Groups[1].Value).Where(f => !known.Contains(f) && !IsElsewhere(command, f)).Select(f => $"{command} {f}"));
            }
        }

        Assert.True(lacking.Count == 0, $"flags.txt lacks: {string.Join(", ", lacking)}");
    }

    [Fact]
    public Task Each_flag_does_what_the_table_says() => OnClusterAsync(async () =>
    {
        string text = Path.GetTempFileName();
        await File.WriteAllTextAsync(text, "secret-text");
        (await DockerAsync("secret", "create", "fl-s", text)).Succeeded();
        RemoveAtEnd("secret", "fl-s");
        (await DockerAsync("config", "create", "fl-c", text)).Succeeded();
        RemoveAtEnd("config", "fl-c");
        (await DockerAsync("network", "create", "-d", "overlay", "fl-n")).Succeeded();
        RemoveAtEnd("network", "fl-n");
        File.Delete(text);
        RemoveAtEnd("service", "fl-u");
        (await DockerAsync("service", "create", "-d", "-q", "--no-resolve-image", "--replicas", "0", "--name", "fl-u", Image)).Succeeded();
        RemoveAtEnd("service", "fl-whole");
        (await DockerAsync(["service", "create", "-d", "-q", "--no-resolve-image", "--name", "fl-whole", "--constraint", "node.hostname==n1", .. Of("whole").SelectMany(l => l.Words), Image])).Succeeded();

        var wrong = new List<string>();
        await Parallel.ForEachAsync(Of("create").Index(), new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (line, _) => Note(wrong, line.Item, await CreateAsync($"fl-{line.Index}", line.Item)));
        await UntilRunningAsync("fl-whole", 1);
        string container = (await DockerAsync("ps", "-q", "--filter", "label=com.docker.swarm.service.name=fl-whole")).Succeeded().Out.Trim();
        foreach (FlagLine line in Lines)
        {
            Note(wrong, line, line.Kind switch
            {
                "update" => await UpdateAsync(line),
                "see" => Missing(await DockerAsync(line.Words), line.Rest[0]),
                "soon" => await SoonAsync(() => DockerAsync(line.Words), line),
                "no" => NotRefused(await DockerAsync(line.Words), line.Rest[0]),
                "in" => Missing(await DockerAsync("exec", container, "sh", "-c", line.Words[0]), line.Rest[0]),
                _ => null,
            });
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    });

    [Fact]
    public Task Each_flag_of_the_swarm_does_what_the_table_says() => OnClusterAsync(async () =>
    {
        var wrong = new List<string>();
        string ca = Path.Combine(Directory.CreateTempSubdirectory("skt-host-flags-").FullName, "ca");
        WriteRoot(ca);
        foreach (FlagLine line in Lines.Where(l => l.Kind is "alone" or "refused" or "settles"))
        {
            string[] words = [.. line.Words.Select(w => w.Replace("$CA", ca, StringComparison.Ordinal))];
            Note(wrong, line, line.Kind switch
            {
                "alone" => Missing(await Cluster.DockerAsync(Outsider, words), line.Rest[0]),
                "refused" => NotRefused(await Cluster.DockerAsync(Outsider, words), line.Rest[0]),
                _ => await SoonAsync(() => Cluster.DockerAsync(Outsider, words), line),
            });
        }

        await Cluster.DockerAsync(Outsider, "swarm", "leave", "--force");
        Directory.Delete(Path.GetDirectoryName(ca)!, recursive: true);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    });

    private async Task<string?> CreateAsync(string name, FlagLine line)
    {
        CommandResult made = await DockerAsync(["service", "create", "-d", "-q", "--no-resolve-image", "--replicas", "0", "--name", name, .. line.Words, Image]);
        if (made.Code != 0)
        {
            return made.ToString();
        }

        string? missing = Missing(await DockerAsync("service", "inspect", name, "--format", line.Rest[0]), line.Rest[1]);
        await DockerAsync("service", "rm", name);
        return missing;
    }

    private async Task<string?> UpdateAsync(FlagLine line)
    {
        CommandResult done = await DockerAsync(["service", "update", "-d", "-q", "--no-resolve-image", .. line.Words, "fl-u"]);
        return done.Code != 0 ? done.ToString() : Missing(await DockerAsync("service", "inspect", "fl-u", "--format", line.Rest[0]), line.Rest[1]);
    }

    private static async Task<string?> SoonAsync(Func<Task<CommandResult>> type, FlagLine line)
    {
        string? missing = null;
        try
        {
            await Eventually.TrueAsync(async () => (missing = Missing(await type(), line.Rest[0])) is null, TimeSpan.FromSeconds(10), () => missing ?? "");
        }
        catch (TimeoutException)
        {
            return missing;
        }

        return null;
    }

    private static void WriteRoot(string path)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a root of our own", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using X509Certificate2 root = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(120));
        File.WriteAllText(path + ".pem", root.ExportCertificatePem());
        File.WriteAllText(path + ".key", key.ExportPkcs8PrivateKeyPem());
    }

    private static IEnumerable<FlagLine> Of(string kind) => Lines.Where(l => l.Kind == kind);

    private static string? Missing(CommandResult said, string part) => said.Code == 0 && said.Out.Contains(part, StringComparison.Ordinal) ? null : $"{said}";

    private static string? NotRefused(CommandResult said, string part) => said.Code != 0 && said.Error.Contains(part, StringComparison.Ordinal) ? null : $"{said}";

    private static void Note(List<string> wrong, FlagLine line, string? what)
    {
        if (what is not null)
        {
            lock (wrong)
            {
                wrong.Add($"{line} => {string.Join(" => ", line.Rest)}\n{what}");
            }
        }
    }

    /// <summary>What every line of the table gives its services, and what belongs to the containers of one node.</summary>
    private static bool IsElsewhere(string command, string flag)
        => flag is "--help" || command is "network connect" or "network disconnect" or "network prune"
            || (command is "service create" or "service update" && flag is "--detach" or "--quiet" or "--no-resolve-image" or "--name" or "--replicas" or "--mode");

    [GeneratedRegex(@"^  ([a-z][a-z-]*)\*? ", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex(@"^ +(?:-[a-zA-Z], )?(--[a-z0-9-]+)", RegexOptions.Multiline)]
    private static partial Regex FlagOfHelp();
}
