using Skep.Manager.Backup;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Skep.Store;

namespace Skep.Manager.Tests.Backup;

public sealed class BackupTests
{
    private static readonly BackupSecret Key = BackupSecret.OfKey(SensitiveBytes.From(new byte[32]));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64 << 10)]
    [InlineData((64 << 10) + 1)]
    [InlineData(300_000)]
    public async Task What_is_sealed_comes_back(int size)
    {
        byte[] content = new byte[size];
        new Random(1).NextBytes(content);
        Assert.Equal(content, await OpenAsync(await SealAsync(content, Key), Key));
    }

    [Fact]
    public async Task A_changed_a_cut_or_a_reordered_file_is_refused()
    {
        byte[] whole = await SealAsync(new byte[200_000], Key);
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            byte[] changed = [.. whole];
            changed[random.Next(whole.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Equal(ErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ClusterException>(() => OpenAsync(changed, Key))).Kind);
            byte[] cut = whole[..random.Next(whole.Length)];
            Assert.Equal(ErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ClusterException>(() => OpenAsync(cut, Key))).Kind);
        }

        const int header = 28, chunk = 4 + (64 << 10) + 16;
        byte[] reordered = [.. whole[..header], .. whole[(header + chunk)..(header + (2 * chunk))], .. whole[header..(header + chunk)], .. whole[(header + (2 * chunk))..]];
        await Assert.ThrowsAsync<ClusterException>(() => OpenAsync(reordered, Key));
    }

    [Fact]
    public async Task Another_secret_opens_nothing_and_the_wrong_kind_is_named()
    {
        BackupSecret passphrase = BackupSecret.OfPassphrase(SensitiveBytes.From("a sentence nobody guesses"u8.ToArray())), other = BackupSecret.OfPassphrase(SensitiveBytes.From("another sentence"u8.ToArray()));
        byte[] file = await SealAsync([1, 2, 3], passphrase);
        Assert.Equal([1, 2, 3], await OpenAsync(file, passphrase));
        Assert.Contains("is not the one the backup was made with", (await Assert.ThrowsAsync<ClusterException>(() => OpenAsync(file, other))).Message, StringComparison.Ordinal);
        Assert.Contains("with a passphrase, not with a key file", (await Assert.ThrowsAsync<ClusterException>(() => OpenAsync(file, Key))).Message, StringComparison.Ordinal);
        Assert.Throws<ClusterException>(() => BackupSecret.OfPassphrase(SensitiveBytes.From("short"u8.ToArray())));
        Assert.Throws<ClusterException>(() => BackupSecret.OfKey(SensitiveBytes.From(new byte[31])));
    }

    [Fact]
    public async Task A_restored_cluster_is_the_same_on_one_new_manager()
    {
        OneManager old = await OneManager.StartAsync();
        await old.AddNodeAsync("m2", NodeRole.Manager);
        await old.AddNodeAsync("w1", NodeRole.Worker);
        await old.Control.Services.CreateAsync(OneManager.Web("web"), CancellationToken.None);
        StoreView before = old.Store.View();

        RestoredCluster restored = RestoredCluster.Of(await old.Control.SaveAsync(CancellationToken.None), new Moment(old.Time.GetUtcNow(), old.Ids, new Random(2)));

        StoreView after = StoreSnapshot.Read(new MemoryStream(restored.State.ToArray()), new ProtoStoreCodec());
        Assert.Equal(before.Index + 1, after.Index);
        Assert.Equal(before.Cluster, after.Cluster);
        Assert.Equal(before.Services.ByName("web"), after.Services.ByName("web"));
        Assert.Equal((restored.Node, NodeRole.Manager, before.Cluster!.Id), (restored.Identity.Node, restored.Identity.Role, restored.Identity.Cluster));
        Assert.True(NodeIdentity.IsTrustedNode(restored.Identity.Certificate, NodeIdentity.ParseRoots(before.Cluster.RootCa.CertificatePem), old.Time.GetUtcNow()));
        Assert.Equal(NodeRole.Manager, after.Nodes.Find(restored.Node)!.Role);
        Assert.All(after.Nodes.Where(n => n.Id != restored.Node), n => Assert.Equal((NodeState.Down, NodeRole.Worker, null), (n.Status.State, n.Role, n.Manager)));
        // What a former manager's certificate says is older than this.
        Assert.Equal(before.Nodes.Find(new NodeId("m2"))!.RoleGeneration + 1, after.Nodes.Find(new NodeId("m2"))!.RoleGeneration);
        Assert.Equal(before.Nodes.Find(new NodeId("w1"))!.RoleGeneration, after.Nodes.Find(new NodeId("w1"))!.RoleGeneration);
    }

    [Fact]
    public async Task A_file_that_holds_no_cluster_is_refused()
    {
        Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<ClusterException>(() => RestoredCluster.Of(new byte[100], new Moment(DateTimeOffset.UnixEpoch, IdSource.Secure, new Random(1)))).Kind);
        await Assert.ThrowsAsync<ClusterException>(() => OpenAsync("not a backup, but long enough to be read as one"u8.ToArray(), Key));
    }

    private static async Task<byte[]> SealAsync(byte[] content, BackupSecret secret)
    {
        using var file = new MemoryStream();
        await BackupFile.WriteAsync(content, secret, file, CancellationToken.None);
        return file.ToArray();
    }

    private static Task<byte[]> OpenAsync(byte[] file, BackupSecret secret) => BackupFile.ReadAsync(new MemoryStream(file), secret, CancellationToken.None);
}
