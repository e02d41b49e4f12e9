using Skep.Host.Identity;
using Skep.Manager.Ca;
using Skep.Model;
using Skep.Rpc.Security;

namespace Skep.Host.Tests.Node;

/// <summary>What of a node's identity lies on disk, and how it comes back.</summary>
public sealed class IdentityStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string _directory = Directory.CreateTempSubdirectory("skt-host-").FullName;

    private string FilePath => Path.Combine(_directory, "certificates", "node.pem");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void An_identity_comes_back_as_it_was_saved()
    {
        NodeIdentity identity = Found(autoLock: false);
        var store = new IdentityStore(FilePath);
        store.Save(identity);

        StoredIdentity stored = store.Load()!;
        Assert.False(stored.IsSealed);
        NodeIdentity back = stored.Open();
        Assert.Equal((identity.Self, identity.RootPem, identity.CertificatePem), (back.Self, back.RootPem, back.CertificatePem));
        Assert.Contains("BEGIN PRIVATE KEY", File.ReadAllText(FilePath), StringComparison.Ordinal);
    }

    [Fact]
    public void With_autolock_only_the_unlock_key_opens_the_private_key()
    {
        NodeIdentity identity = Found(autoLock: true);
        var store = new IdentityStore(FilePath);
        store.Save(identity);

        Assert.DoesNotContain("BEGIN PRIVATE KEY", File.ReadAllText(FilePath), StringComparison.Ordinal);
        StoredIdentity stored = store.Load()!;
        Assert.True(stored.IsSealed);
        Assert.Equal(identity.Self, stored.Self);
        Assert.Null(stored.Open(UnlockKey.Create()));
        NodeIdentity back = stored.Open(identity.UnlockKey)!;
        Assert.True(back.PrivateKeyPem == identity.PrivateKeyPem && back.UnlockKey == identity.UnlockKey);
    }

    [Fact]
    public void A_file_of_an_older_daemon_is_read_too()
    {
        NodeIdentity identity = Found(autoLock: false);
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        File.WriteAllText(FilePath, System.Text.Encoding.UTF8.GetString(identity.PrivateKeyPem.Reveal()) + "\n" + identity.CertificatePem + identity.RootPem);

        Assert.Equal((identity.CertificatePem, identity.RootPem), (new IdentityStore(FilePath).Load()!.Open().CertificatePem, new IdentityStore(FilePath).Load()!.Open().RootPem));
    }

    [Fact]
    public void A_file_without_a_root_is_refused_with_its_name()
    {
        NodeIdentity identity = Found(autoLock: false);
        var store = new IdentityStore(FilePath);
        store.Save(identity);
        File.WriteAllText(FilePath, File.ReadAllText(FilePath).Split("Trusted roots:")[0]);

        Assert.Contains(FilePath, Assert.Throws<ClusterException>(() => store.Load()).Message, StringComparison.Ordinal);
    }

    private static NodeIdentity Found(bool autoLock) => ClusterBootstrap.Create(
        ClusterSpec.Default with { AutoLockManagers = autoLock }, NodeAvailability.Active, new Moment(Now, IdSource.From(new Random(1)), new Random(1))).IssueFirst(Now);
}
