using Skep.Testing.Clusters;

namespace Skep.Host.Tests.BadInput;

/// <summary>A machine that lacks something: the daemon says what, and ends with 1. No cluster is needed.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skt-host-").FullName;

    // In a mount namespace too, so that the namespaces it makes end with it.
    [Fact]
    public async Task Without_containerd_the_daemon_says_where_it_looked()
        => await AssertEndsAsync(["unshare", "-n", "-m", Repository.Skepd, .. Flags()], Path.Combine(_folder, "containerd.sock"));

    [Fact]
    public async Task Without_nftables_the_daemon_says_what_to_install()
    {
        string library = Directory.GetDirectories("/usr/lib", "*-linux-gnu").Append("/usr/lib").Select(d => Path.Combine(d, "libnftables.so.1")).First(File.Exists);
        // Hidden in a mount namespace of this one process.
        string hide = $"mount --bind /dev/null \"$(readlink -f {library})\" && exec \"$0\" \"$@\"";
        await AssertEndsAsync(["unshare", "-n", "-m", "bash", "-c", hide, Repository.Skepd, .. Flags()], "libnftables");
    }

    [Fact]
    public async Task Without_root_the_daemon_says_that_it_needs_it()
    {
        File.SetUnixFileMode(_folder, (UnixFileMode)511);
        await AssertEndsAsync(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", Repository.Skepd, .. Flags()], "skepd needs root");
    }

    [Fact]
    public async Task An_unknown_flag_is_named()
        => await AssertEndsAsync([Repository.Skepd, "--no-such-flag", "1"], "unknown flag --no-such-flag");

    [Fact]
    public async Task An_entry_to_skip_that_is_not_named_as_the_error_did_is_refused()
        => await AssertEndsAsync([Repository.Skepd, .. Flags(), "--skip-entry", "17"], "--skip-entry 17: must be an entry as the error named it");

    [Fact]
    public async Task A_registry_that_is_no_host_and_no_range_is_refused()
        => await AssertEndsAsync([Repository.Skepd, .. Flags(), "--insecure-registry", "http://registry.example"], "--insecure-registry http://registry.example: must be a host");

    [Fact]
    public async Task An_address_without_certificates_is_refused()
        => await AssertEndsAsync([Repository.Skepd, .. Flags(), "--host", "tcp://127.0.0.1:2376"], "--host needs --tlsverify, --tlscacert, --tlscert and --tlskey");

    [Fact]
    public async Task A_certificate_that_cannot_be_read_is_named()
        => await AssertEndsAsync(
            [Repository.Skepd, .. Flags(), "--host", "tcp://127.0.0.1:2376", "--tlsverify", "--tlscacert", "/dev/null/ca.pem", "--tlscert", "/x", "--tlskey", "/x"], "--tlscacert /dev/null/ca.pem");

    [Theory]
    [InlineData("--dashboard-cert needs --dashboard-key", "--dashboard-cert", "/x")]
    [InlineData("--dashboard-key needs --dashboard-cert", "--dashboard-key", "/x")]
    [InlineData("--dashboard-cert and --dashboard-key: Could not find", "--dashboard-cert", "/nonexistent.pem", "--dashboard-key", "/x")]
    public async Task A_dashboard_s_certificate_that_cannot_be_used_is_named(string words, params string[] flags) => await AssertEndsAsync([Repository.Skepd, .. Flags(), .. flags], words);

    [Theory]
    [InlineData("--cert needs --key", "--cert", "/x")]
    [InlineData("--key needs --cert", "--key", "/x")]
    [InlineData("--logs is for --open", "--logs")]
    public async Task A_page_alone_refuses_what_does_not_fit(string words, params string[] flags) => await AssertEndsAsync([Repository.Skepd, "dashboard", .. flags], words);

    [Fact]
    public async Task An_unknown_key_of_the_configuration_is_named_with_its_file()
    {
        string file = Path.Combine(_folder, "skepd.json");
        await File.WriteAllTextAsync(file, """{ "no-such-key": 1 }""");
        await AssertEndsAsync([Repository.Skepd, "--config", file], file, "no-such-key");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string[] Flags() =>
    [
        "--data-dir", Path.Combine(_folder, "data"), "--run-dir", Path.Combine(_folder, "run"), "--socket", Path.Combine(_folder, "skep.sock"),
        "--containerd", Path.Combine(_folder, "containerd.sock"), "--cgroup-parent", "/skt-host",
    ];

    private static async Task AssertEndsAsync(string[] command, params string[] says)
    {
        Repository.RequirePrograms();
        CommandResult result = await Command.RunAsync(command[0], command[1..], null, null, TimeSpan.FromSeconds(45));
        Assert.All(says, s => Assert.Contains(s, result.Error));
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => l.StartsWith("skepd: ", StringComparison.Ordinal));
        Assert.Equal(1, result.Code);
    }
}
