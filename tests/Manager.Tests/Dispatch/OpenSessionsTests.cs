using Skep.Manager.Dispatch;
using Skep.Model;

namespace Skep.Manager.Tests.Dispatch;

public sealed class OpenSessionsTests
{
    private static readonly NodeId Node = new("n1");

    [Fact]
    public async Task The_newer_session_stands_and_the_older_is_told_why_it_ends()
    {
        var sessions = new OpenSessions();
        OpenSession older = sessions.Begin(Node, "ipv4:10.0.0.1:4000", out OpenSession? none);
        Assert.Null(none);
        OpenSession newer = sessions.Begin(Node, "ipv4:10.0.0.2:4000", out OpenSession? replaced);

        Assert.Same(older, replaced);
        ClusterException why = await Assert.ThrowsAsync<ClusterException>(() => older.Replaced);
        Assert.Equal(ErrorKind.AlreadyExists, why.Kind);
        Assert.Contains("from ipv4:10.0.0.2:4000; this one, from ipv4:10.0.0.1:4000, is ended", why.Message, StringComparison.Ordinal);
        Assert.False(newer.Replaced.IsCompleted);
    }

    [Fact]
    public void The_end_of_an_older_session_is_not_the_end_of_the_newer()
    {
        var sessions = new OpenSessions();
        OpenSession older = sessions.Begin(Node, "a", out _), newer = sessions.Begin(Node, "b", out _);
        Assert.False(sessions.End(older));
        Assert.True(sessions.End(newer));
        Assert.False(sessions.End(newer));
    }

    [Fact]
    public void Sessions_of_different_nodes_have_nothing_to_do_with_each_other()
    {
        var sessions = new OpenSessions();
        OpenSession one = sessions.Begin(Node, "a", out _), other = sessions.Begin(new NodeId("n2"), "a", out OpenSession? replaced);
        Assert.Null(replaced);
        Assert.True(sessions.End(one));
        Assert.True(sessions.End(other));
    }
}
