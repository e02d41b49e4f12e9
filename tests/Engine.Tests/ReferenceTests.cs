using Skep.Engine.Images;

namespace Skep.Engine.Tests;

public sealed class ReferenceTests
{
    private const string Sha = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    public static TheoryData<string> TooLong => [new string('x', 100_000), "registry.example/" + new string('x', 239)];

    [Theory]
    [InlineData("nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("nginx:1.2", "docker.io/library/nginx:1.2", "nginx:1.2")]
    [InlineData("user/app", "docker.io/user/app:latest", "user/app:latest")]
    [InlineData("index.docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("localhost/app", "localhost/app:latest", "localhost/app:latest")]
    [InlineData("localhost:5000/a/b:x", "localhost:5000/a/b:x", "localhost:5000/a/b:x")]
    [InlineData("ghcr.io/o/i__x.y-z:V1", "ghcr.io/o/i__x.y-z:V1", "ghcr.io/o/i__x.y-z:V1")]
    [InlineData("nginx:1@" + Sha, "docker.io/library/nginx@" + Sha, "nginx@" + Sha)]
    public void Names_are_read_as_Docker_reads_them(string text, string full, string familiar)
    {
        ImageReference reference = ImageReference.Parse(text);
        Assert.Equal(full, reference.FullName);
        Assert.Equal(familiar, reference.FamiliarName);
    }

    [Theory]
    [MemberData(nameof(TooLong))]
    [InlineData("")]
    [InlineData("UPPER")]
    [InlineData("a//b")]
    [InlineData("a:")]
    [InlineData("-a")]
    [InlineData("a___b")]
    [InlineData("a@sha256:12")]
    public void Malformed_names_are_refused(string text) => Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<ClusterException>(() => ImageReference.Parse(text)).Kind);

    [Fact]
    public void Chain_ids_follow_from_the_layers() => Assert.Equal(["sha256:a", Digest.OfText("sha256:a sha256:b")], Digest.ChainIds(["sha256:a", "sha256:b"]));

    [Fact]
    public void Challenge_of_a_registry_is_understood()
    {
        AuthChallenge challenge = AuthChallenge.Parse("""Bearer realm="https://auth/token",service="reg,istry",scope="repository:a/b:pull,push" """)!;
        Assert.Equal("https://auth/token", challenge.Parameters["realm"]);
        Assert.Equal("reg,istry", challenge.Parameters["service"]);
        Assert.Equal("repository:a/b:pull,push", challenge.Parameters["scope"]);
    }
}
