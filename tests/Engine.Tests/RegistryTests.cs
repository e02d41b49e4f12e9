using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skep.Engine.Images;
using Skep.Testing;
using Skep.Testing.Registries;

namespace Skep.Engine.Tests;

public sealed class RegistryTests
{
    private static readonly CancellationToken Limit = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Fact]
    public async Task Token_is_fetched_with_user_and_password_and_used_from_then_on()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.Token = "t0k";
        registry.AddManifest("1", MediaTypes.OciManifest, "{}");
        string blob = registry.AddBlob([1, 2, 3]);
        using RegistryClientFactory registries = new RegistryClientFactory([], [], []);
        IImageSource source = Assert.Single(await registries.FindAsync(ImageReference.Parse($"{registry.Domain}/team/app:1"), Login("bee", "honey"), Limit));
        await source.ResolveAsync(Limit);
        Assert.Equal([1, 2, 3], await ReadAsync(source, blob, 0));
        string token = Assert.Single(registry.Requests, r => r.Contains("/token", StringComparison.Ordinal));
        Assert.Contains("service=hive", token);
        Assert.Contains("scope=repository%3Ateam%2Fapp%3Apull", token);
        Assert.EndsWith("Basic " + Convert.ToBase64String("bee:honey"u8), token);
    }

    [Theory]
    [InlineData("registry.example:5000", true)]
    [InlineData("other.example", true)]
    [InlineData("other.example:443", true)]
    [InlineData("registry.example", false)]
    [InlineData("10.1.200.3:5000", true)]
    [InlineData("10.2.0.1:5000", false)]
    [InlineData("127.9.9.9:5000", true)]
    [InlineData("localhost:5000", true)]
    public void Registries_without_tls_are_those_named_those_in_a_named_range_and_those_of_this_machine(string domain, bool isInsecure)
    {
        using RegistryClientFactory registries = new RegistryClientFactory(["registry.example:5000", "other.example", "10.1.0.0/16"], [], []);
        Assert.Equal(isInsecure, registries.IsInsecure(domain));
    }

    [Fact]
    public void A_registry_without_an_address_is_told_by_its_name_and_what_to_look_at()
    {
        var unknown = new HttpRequestException(HttpRequestError.NameResolutionError, "Name or service not known (example.nope:443)", new System.Net.Sockets.SocketException(11));
        string message = RegistryClientFactory.Explain("registry example.nope", unknown);
        Assert.Equal(
            "registry example.nope has no address: Name or service not known (example.nope:443); check the name of the image, and the name servers of this machine", message);
    }

    [Fact]
    public async Task Identity_token_is_exchanged_for_an_access_token()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.Token = "t0k";
        registry.AddManifest("1", MediaTypes.OciManifest, "{}");
        using RegistryClientFactory registries = new RegistryClientFactory([], [], []);
        var credentials = new RegistryCredentials("", default) { IdentityToken = Secret("refresh-me") };
        IImageSource source = Assert.Single(await registries.FindAsync(ImageReference.Parse($"{registry.Domain}/team/app:1"), credentials, Limit));
        await source.ResolveAsync(Limit);
        string token = Assert.Single(registry.Requests, r => r.Contains("/token", StringComparison.Ordinal));
        Assert.StartsWith("POST /token", token);
        Assert.Contains("grant_type=refresh_token", token);
        Assert.Contains("refresh_token=refresh-me", token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Blob_is_read_from_an_offset_whether_the_registry_knows_ranges_or_not(bool knowsRanges)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.KnowsRanges = knowsRanges;
        string blob = registry.AddBlob([1, 2, 3, 4, 5]);
        using RegistryClientFactory registries = new RegistryClientFactory([], [], []);
        IImageSource source = Assert.Single(await registries.FindAsync(ImageReference.Parse($"{registry.Domain}/team/app:1"), null, Limit));
        Assert.Equal([4, 5], await ReadAsync(source, blob, 3));
        Assert.Contains(registry.Requests, r => r.EndsWith("bytes=3-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Registry_with_an_authority_of_its_own_is_trusted_by_its_certificate_alone()
    {
        using X509Certificate2 certificate = SelfSigned();
        await using FakeRegistry registry = await FakeRegistry.StartAsync(certificate);
        registry.AddManifest("1", MediaTypes.OciManifest, "{}");
        string directory = Directory.CreateTempSubdirectory("skt-wrk-certs-").FullName;
        try
        {
            var reference = ImageReference.Parse($"{registry.Domain}/team/app:1");
            string own = Directory.CreateDirectory(Path.Combine(directory, registry.Domain)).FullName;
            await File.WriteAllTextAsync(Path.Combine(own, "ca.crt"), certificate.ExportCertificatePem(), Limit);
            using RegistryClientFactory trusting = new RegistryClientFactory([], [], [directory]);
            Assert.Equal(MediaTypes.OciManifest, (await Assert.Single(await trusting.FindAsync(reference, null, Limit)).ResolveAsync(Limit)).MediaType);

            using X509Certificate2 other = SelfSigned();
            await File.WriteAllTextAsync(Path.Combine(own, "ca.crt"), other.ExportCertificatePem(), Limit);
            using RegistryClientFactory wary = new RegistryClientFactory([], [], [directory]);
            await Assert.ThrowsAsync<HttpRequestException>(async () => await Assert.Single(await wary.FindAsync(reference, null, Limit)).ResolveAsync(Limit));
            Assert.Contains("--insecure-registry", (await Assert.ThrowsAsync<ClusterException>(() => wary.CheckLoginAsync(registry.Domain, null, Limit))).Message);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Mirror_is_asked_before_the_registry_of_Docker()
    {
        await using FakeRegistry mirror = await FakeRegistry.StartAsync();
        mirror.AddManifest("1", MediaTypes.OciManifest, "{}");
        using RegistryClientFactory registries = new RegistryClientFactory([], [$"http://{mirror.Domain}"], []);
        IReadOnlyList<IImageSource> sources = await registries.FindAsync(ImageReference.Parse("busybox:1"), null, Limit);
        Assert.Equal([$"registry {mirror.Domain}", "registry registry-1.docker.io"], sources.Select(s => s.Description));
        await sources[0].ResolveAsync(Limit);
        Assert.Contains("GET /v2/library/busybox/manifests/1", mirror.Requests);
    }

    [Fact]
    public async Task Source_that_sends_nothing_for_long_is_given_up_with_a_word_on_it()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.Stalls = true;
        string blob = registry.AddBlob([1, 2, 3]);
        using RegistryClientFactory registries = new RegistryClientFactory([], [], []);
        var time = new ManualTimeProvider();
        IImageSource source = new TimeoutSource(
            Assert.Single(await registries.FindAsync(ImageReference.Parse($"{registry.Domain}/team/app:1"), null, Limit)), TimeSpan.FromSeconds(30), time);
        await using Stream stream = await source.OpenAsync(new Descriptor { Digest = blob, Size = 3 }, 0, Limit);
        byte[] buffer = new byte[8];
        Assert.Equal(1, await stream.ReadAsync(buffer, Limit));
        Task<int> next = stream.ReadAsync(buffer, Limit).AsTask();
        time.Advance(TimeSpan.FromSeconds(31));
        SourceStalledException stalled = await Assert.ThrowsAsync<SourceStalledException>(() => next);
        Assert.Equal($"registry {registry.Domain} sent nothing for 30 s while {blob} was waited for", stalled.Message);
    }

    [Fact]
    public async Task Refused_login_is_unauthenticated()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        registry.Token = "t0k";
        using RegistryClientFactory registries = new RegistryClientFactory([], [], []);
        await registries.CheckLoginAsync(registry.Domain, Login("bee", "honey"), Limit);
        registry.KnowsNobody = true;
        Assert.Equal(ErrorKind.Unauthenticated, (await Assert.ThrowsAsync<ClusterException>(() => registries.CheckLoginAsync(registry.Domain, null, Limit))).Kind);
    }

    private static async Task<byte[]> ReadAsync(IImageSource source, string digest, long offset)
    {
        await using Stream stream = await source.OpenAsync(new Descriptor { Digest = digest }, offset, Limit);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, Limit);
        return all.ToArray();
    }

    private static RegistryCredentials Login(string user, string password) => new(user, Secret(password));

    private static SensitiveBytes Secret(string text) => SensitiveBytes.From(Encoding.UTF8.GetBytes(text));

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=registry", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
