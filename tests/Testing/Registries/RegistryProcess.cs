using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Skep.Testing.Clusters;

namespace Skep.Testing.Registries;

/// <summary>Who is let into a registry.</summary>
public sealed record RegistryUser(string Name, string Password)
{
    public override string ToString() => $"{Name}:{Password}";
}

/// <summary>Debian's docker-registry, without TLS, open or with a password: on this machine's loopback, or in the network of a cluster's node.</summary>
public sealed class RegistryProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly string _directory;
    private readonly Process _process;

    private RegistryProcess(string domain, string directory, Process process)
    {
        (Domain, _directory, _process) = (domain, directory, process);
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
    }

    /// <summary>Address and port, as images are named after it.</summary>
    public string Domain { get; }

    /// <summary>On a free port of 127.0.0.1, with a folder of its own.</summary>
    /// <param name="user">Null: everybody may.</param>
    public static async Task<RegistryProcess> StartAsync(RegistryUser? user = null)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        string domain = probe.LocalEndpoint.ToString()!;
        probe.Stop();
        string directory = Directory.CreateTempSubdirectory("skt-registry-").FullName;
        return await StartAsync(domain, directory, images: Path.Combine(directory, "images"), user, entry: []).ConfigureAwait(false);
    }

    /// <summary>In a node's network, which ends it with the cluster whatever becomes of the test. All registries of a cluster hold the same images.</summary>
    /// <param name="domain">An address of the node, and a port.</param>
    /// <param name="user">Null: everybody may.</param>
    public static Task<RegistryProcess> StartInAsync(TestCluster cluster, int node, string domain, RegistryUser? user = null)
        => StartAsync(
            domain, $"{cluster.DataDirectory}/registry-{domain.Replace(':', '-')}", images: $"{cluster.DataDirectory}/registry-images", user, entry: ["nsenter", $"--net={cluster.NamespaceOf(node)}"]);

    /// <summary>Puts a one-layer image there, as docker push would; for a registry on the loopback.</summary>
    public async Task PushAsync(string repository, string tag, byte[] layer, RegistryUser? user = null)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Domain}/") };
        if (user is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user.ToString())));
        }

        byte[] config = Encoding.UTF8.GetBytes($$$"""{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":["{{{Sha(layer)}}}"]}}""");
        await PutBlobAsync(http, repository, layer).ConfigureAwait(false);
        await PutBlobAsync(http, repository, config).ConfigureAwait(false);
        string manifest = $$"""{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":{{config.Length}},"digest":"{{Sha(config)}}"},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar","size":{{layer.Length}},"digest":"{{Sha(layer)}}"}]}""";
        using var content = new StringContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.docker.distribution.manifest.v2+json");
        using HttpResponseMessage stored = await http.PutAsync(new Uri($"v2/{repository}/manifests/{tag}", UriKind.Relative), content).ConfigureAwait(false);
        stored.EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit(Limit);
        }

        _process.Dispose();
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    /// <param name="entry">Command that runs another where the registry is to be.</param>
    private static async Task<RegistryProcess> StartAsync(string domain, string directory, string images, RegistryUser? user, string[] entry)
    {
        Directory.CreateDirectory(directory);
        string auth = "";
        if (user is not null)
        {
            string entries = (await Command.RunAsync("htpasswd", "-nbB", "-C", "4", user.Name, user.Password).ConfigureAwait(false)).Succeeded().Out;
            await File.WriteAllTextAsync($"{directory}/htpasswd", entries).ConfigureAwait(false);
            auth = $"auth:\n  htpasswd:\n    realm: skt\n    path: {directory}/htpasswd\n";
        }

        string settings = $"{directory}/config.yml";
        await File.WriteAllTextAsync(settings, $"version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: {images}\nhttp:\n  addr: {domain}\n{auth}").ConfigureAwait(false);
        string[] command = [.. entry, "docker-registry", "serve", settings];
        var registry = new RegistryProcess(
            domain, directory, Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!);
        try
        {
            string[] ask = [.. entry, "curl", "-s", "-o", "/dev/null", "-m", "2", $"http://{domain}/v2/"];
            await Eventually.TrueAsync(
                async () => (await Command.RunAsync(ask[0], ask[1..]).ConfigureAwait(false)).Code == 0,
                Limit,
                () => $"an answer of the registry at {domain}{(registry._process.HasExited ? string.Create(CultureInfo.InvariantCulture, $", which ended with {registry._process.ExitCode}") : "")}").ConfigureAwait(false);
            return registry;
        }
        catch
        {
            registry.Dispose();
            throw;
        }
    }

    private static async Task PutBlobAsync(HttpClient http, string repository, byte[] bytes)
    {
        using HttpResponseMessage begun = await http.PostAsync(new Uri($"v2/{repository}/blobs/uploads/", UriKind.Relative), null).ConfigureAwait(false);
        begun.EnsureSuccessStatusCode();
        string location = begun.Headers.Location!.ToString();
        using var body = new ByteArrayContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage stored = await http.PutAsync(new Uri($"{location}{(location.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={Sha(bytes)}"), body).ConfigureAwait(false);
        stored.EnsureSuccessStatusCode();
    }

    private static string Sha(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
}
