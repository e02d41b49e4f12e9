using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Skep.Dashboard.Access;
using Skep.Dashboard.Pages;
using Skep.Testing.Clusters;

namespace Skep.Dashboard.Tests;

/// <summary>The page over TLS, with the operator's certificate.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skt-dashboard-").FullName;
    private readonly List<string> _complaints = [];
    private int _port;

    public TlsTests() => OperatorCertificates.Write(_folder, ["127.0.0.1"]);

    private string Cert => Path.Combine(_folder, "server.pem");

    private string Key => Path.Combine(_folder, "server.key");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_page_is_served_over_TLS_and_its_cookie_goes_nowhere_else()
    {
        await using DashboardServer server = await ServeAsync(PageCertificate.Load(Cert, Key, _complaints.Add));

        (HttpResponseMessage answer, string subject) = await GetAsync("?token=" + server.Sessions.MintToken());

        Assert.Equal((HttpStatusCode.Found, "CN=server"), (answer.StatusCode, subject));
        Assert.Contains("; secure", string.Concat(answer.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
        using var plain = new HttpClient();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => plain.GetAsync($"http://127.0.0.1:{_port}/_ping"));
    }

    [Fact]
    public async Task Renewed_files_are_taken_up_without_a_restart_and_broken_ones_are_not()
    {
        await using DashboardServer server = await ServeAsync(PageCertificate.Load(Cert, Key, _complaints.Add));
        string before = await ThumbprintAsync();

        Replace(Cert, "-----BEGIN CERTIFICATE-----");
        Assert.Equal(before, await ThumbprintAsync());
        Assert.Equal(before, await ThumbprintAsync());
        Assert.Contains(Cert, Assert.Single(_complaints), StringComparison.Ordinal);

        string fresh = Directory.CreateDirectory(Path.Combine(_folder, "fresh")).FullName;
        OperatorCertificates.Write(fresh, ["127.0.0.1"]);
        Replace(Cert, File.ReadAllText(Path.Combine(fresh, "server.pem")));
        Assert.Equal(before, await ThumbprintAsync()); // The key is still the old one's.
        Replace(Key, File.ReadAllText(Path.Combine(fresh, "server.key")));
        string after = await ThumbprintAsync();

        Assert.Equal(X509CertificateLoader.LoadCertificateFromFile(Path.Combine(fresh, "server.pem")).Thumbprint, after);
        Assert.NotEqual(before, after);
    }

    [Fact]
    public void Files_that_cannot_be_used_are_named()
    {
        Assert.Contains("/nonexistent/c.pem", Refusal("/nonexistent/c.pem", Key), StringComparison.Ordinal);
        Assert.Contains("/nonexistent/k.pem", Refusal(Cert, "/nonexistent/k.pem"), StringComparison.Ordinal);
        Assert.StartsWith($"{Key} is no certificate", Refusal(Key, Key), StringComparison.Ordinal);
        Assert.StartsWith($"{Cert} is no certificate, or {Path.Combine(_folder, "client.key")} not its key", Refusal(Cert, Path.Combine(_folder, "client.key")), StringComparison.Ordinal);

        string Refusal(string cert, string key) => Assert.Throws<ArgumentException>(() => PageCertificate.Load(cert, key, _complaints.Add)).Message;
    }

    [Fact]
    public void A_link_has_a_name_that_the_certificate_is_for()
    {
        PageCertificate certificate = PageCertificate.Load(Cert, Key, _complaints.Add);
        Assert.Equal("127.0.0.1", certificate.NameFor("127.0.0.1"));
        Assert.Equal("server", certificate.NameFor("10.0.0.9"));
    }

    private async Task<DashboardServer> ServeAsync(PageCertificate certificate)
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        var options = new DashboardOptions { Host = "unix:///nonexistent/engine.sock", Listen = new IPEndPoint(IPAddress.Loopback, _port), Certificate = certificate };
        return await DashboardServer.StartAsync(options, logs: null, TimeProvider.System, CancellationToken.None);
    }

    private async Task<string> ThumbprintAsync()
    {
        string found = "";
        using HttpClient client = Client(shown => found = shown.Thumbprint);
        (await client.GetAsync($"https://127.0.0.1:{_port}/_ping")).EnsureSuccessStatusCode();
        return found;
    }

    private async Task<(HttpResponseMessage Answer, string Subject)> GetAsync(string query)
    {
        string subject = "";
        using HttpClient client = Client(shown => subject = shown.Subject);
        return (await client.GetAsync($"https://127.0.0.1:{_port}/{query}"), subject);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5359", Justification = "The test looks at what is shown, whoever issued it.")]
    private static HttpClient Client(Action<X509Certificate2> see)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) =>
        {
            see((X509Certificate2)shown!);
            return true;
        };
        return new HttpClient(handler);
    }

    /// <summary>With a time of its own: within one tick of the file system's clock a change of the same length could not be told.</summary>
    private static void Replace(string file, string text)
    {
        DateTime before = File.GetLastWriteTimeUtc(file);
        File.WriteAllText(file, text);
        File.SetLastWriteTimeUtc(file, before.AddSeconds(1));
    }
}
