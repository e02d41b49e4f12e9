using Skep.Model;

namespace Skep.Rpc.Tests.Calls;

public sealed class RpcErrorsTests
{
    [Fact]
    public void What_repeats_a_callers_words_stays_short_enough_for_a_header()
    {
        string said = new('x', 100_000);
        Assert.Equal(4_097, new ClusterException(ErrorKind.InvalidArgument, said).ToRpc().Status.Detail.Length);
        Assert.Equal("no such node", new ClusterException(ErrorKind.NotFound, "no such node").ToRpc().Status.Detail);
    }
}
