using Skep.Model;
using Skep.Rpc.Security;

namespace Skep.Rpc.Tests.Security;

public sealed class JoinTokenTests
{
    private const string Pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

    [Fact]
    public void A_token_reads_back_as_it_was_written()
    {
        JoinToken token = JoinToken.Create(Pem);
        Assert.Equal(token, JoinToken.Parse(token.ToString()));
        Assert.Matches("^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$", token.ToString());
    }

    [Fact]
    public void Equal_roots_give_equal_digests_and_fresh_secrets()
    {
        JoinToken one = JoinToken.Create(Pem), other = JoinToken.Create(Pem);
        Assert.Equal(one.Digest, other.Digest);
        Assert.NotEqual(one.Secret, other.Secret);
        Assert.False(one.Matches(other.ToString()));
        Assert.True(one.Matches(one.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SWMTKN-1-abc-def")]
    [InlineData("SWMTKN-2-00000000000000000000000000000000000000000000000000-0000000000000000000000000")]
    [InlineData("SWMTKN-1-00000000000000000000000000000000000000000000000000-000000000000000000000000Z")]
    public void What_is_no_token_is_refused_with_the_way_to_get_one(string text)
    {
        ClusterException error = Assert.Throws<ClusterException>(() => JoinToken.Parse(text));
        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("join-token", error.Message, StringComparison.Ordinal);
    }
}
