using Skep.Manager.Ca;
using Skep.Manager.Consensus;
using Skep.Model;
using Skep.Rpc.Security;

namespace Skep.Manager.Tests.Consensus;

public sealed class DataKeyFileTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ClusterBootstrap Cluster = ClusterBootstrap.Create(ClusterSpec.Default, NodeAvailability.Active, new Moment(Now, IdSource.From(new Random(1)), new Random(1)));
    private readonly string _directory = Directory.CreateTempSubdirectory("skt-manager-").FullName;

    private string FilePath => Path.Combine(_directory, "raft.key");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_key_comes_back_with_the_identity_that_sealed_it()
    {
        NodeIdentity identity = Cluster.IssueFirst(Now);
        byte[] key = new DataKeyFile(FilePath).OpenOrCreate(identity);
        Assert.Equal(key, new DataKeyFile(FilePath).OpenOrCreate(identity));
    }

    [Fact]
    public void Line_ends_in_the_files_of_the_identity_do_not_matter()
    {
        NodeIdentity identity = Cluster.IssueFirst(Now);
        byte[] key = new DataKeyFile(FilePath).OpenOrCreate(identity);
        SensitiveBytes reread = SensitiveBytes.From([.. identity.PrivateKeyPem.Reveal(), (byte)'\n']);
        Assert.Equal(key, new DataKeyFile(FilePath).OpenOrCreate(NodeIdentity.FromPem(identity.CertificatePem + "\n", reread, identity.RootPem)));
    }

    [Fact]
    public void While_a_certificate_is_renewed_both_the_old_and_the_new_one_open_the_key()
    {
        NodeIdentity old = Cluster.IssueFirst(Now), next = Cluster.IssueFirst(Now);
        var file = new DataKeyFile(FilePath);
        byte[] key = file.OpenOrCreate(old);
        file.SealFor(key, old, next);
        Assert.Equal(key, file.OpenOrCreate(old));
        Assert.Equal(key, file.OpenOrCreate(next));
    }

    [Fact]
    public void Another_identity_is_refused_and_the_file_is_left_alone()
    {
        var file = new DataKeyFile(FilePath);
        file.OpenOrCreate(Cluster.IssueFirst(Now));
        byte[] before = File.ReadAllBytes(FilePath);
        ClusterException error = Assert.Throws<ClusterException>(() => file.OpenOrCreate(Cluster.IssueFirst(Now)));
        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(FilePath));
    }
}
