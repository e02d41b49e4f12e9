using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Skep.Worker.Tests.Support;

/// <summary>Debian's docker-registry on a free port of the loopback, with or without a password.</summary>
internal sealed class RegistryProcess : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skt-wrk-reg-").FullName;
    private readonly Process _process;

    public RegistryProcess(string? htpasswd = null)
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        string auth = "";
        if (htpasswd is not null)
        {
            File.WriteAllText(Path.Combine(_directory, "htpasswd"), htpasswd + "\n");
            auth = $"auth:\n  htpasswd:\n    realm: skt\n    path: {_directory}/htpasswd\n";
        }

        File.WriteAllText(Path.Combine(_directory, "config.yml"), $"version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {_directory}/data\nhttp:\n  addr: 127.0.0.1:{Port}\n{auth}");
        _process = Process.Start(new ProcessStartInfo("docker-registry", ["serve", Path.Combine(_directory, "config.yml")]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
    }

    public int Port { get; }

    public string Domain => $"127.0.0.1:{Port}";

    /// <summary>Puts a one-layer image there, as docker push would.</summary>
    public async Task PushAsync(string repository, string tag, byte[] layer, string? password = null)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Domain}/") };
        if (password is not null)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(password)));
        for (int i = 0; ; i++)
        {
            try
            {
                using HttpResponseMessage ready = await http.GetAsync("v2/");
                break;
            }
            catch (HttpRequestException) when (i < 100)
            {
                using Process pause = Process.Start("sleep", "0.05");
                await pause.WaitForExitAsync();
            }
        }

        byte[] config = Encoding.UTF8.GetBytes($$$"""{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":["{{{TestImage.Sha(layer)}}}"]}}""");
        await BlobAsync(layer);
        await BlobAsync(config);
        string manifest = $$"""{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":{{config.Length}},"digest":"{{TestImage.Sha(config)}}"},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar","size":{{layer.Length}},"digest":"{{TestImage.Sha(layer)}}"}]}""";
        using var content = new StringContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.docker.distribution.manifest.v2+json");
        (await http.PutAsync($"v2/{repository}/manifests/{tag}", content)).EnsureSuccessStatusCode();

        async Task BlobAsync(byte[] bytes)
        {
            HttpResponseMessage begun = await http.PostAsync($"v2/{repository}/blobs/uploads/", null);
            begun.EnsureSuccessStatusCode();
            string location = begun.Headers.Location!.ToString();
            using var body = new ByteArrayContent(bytes);
            body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            (await http.PutAsync(location + (location.Contains('?') ? "&" : "?") + "digest=" + TestImage.Sha(bytes), body)).EnsureSuccessStatusCode();
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit(5000);
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
