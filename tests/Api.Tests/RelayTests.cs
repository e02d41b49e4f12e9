using Skep.Api.Http;
using Skep.Api.Local;
using Skep.Api.Relay;
using Skep.Model;
using Skep.Wire;

namespace Skep.Api.Tests;

/// <summary>The pure parts of reaching containers.</summary>
public sealed class RelayTests
{
    [Fact]
    public void Detach_keys_are_taken_out_and_what_only_began_like_them_is_passed_on()
    {
        DetachKeys keys = DetachKeys.Parse("");
        byte[] buffer = [1, 16, 2, 0, 0];
        Assert.Equal((1, false), keys.Take(buffer, 2));
        Assert.Equal(1, buffer[0]);
        // The one held back comes first.
        buffer = [2, 0, 0];
        Assert.Equal((2, false), keys.Take(buffer, 1));
        Assert.Equal([16, 2], buffer[..2]);
        buffer = [5, 16, 17, 9];
        Assert.Equal((1, true), keys.Take(buffer, 4));
        Assert.Throws<ClusterException>(() => DetachKeys.Parse("ctrl-1"));
        Assert.Equal((0, true), DetachKeys.Parse("a,ctrl-[").Take([(byte)'a', 27], 2));
    }

    [Theory]
    [InlineData(0x41ed, 0x800001edu)]
    [InlineData(0xa1ff, 0x080001ffu)]
    [InlineData(0x89ed, 0x008001edu)]
    [InlineData(0x21b6, 0x042001b6u)]
    public void Modes_are_told_as_Go_has_them(int mode, uint expected) => Assert.Equal(expected, ArchiveRoutes.GoMode(mode));

    [Fact]
    public void The_node_of_an_exec_can_be_told_from_its_id()
    {
        string one = ContainerRelay.ExecEndingOf(new NodeId("a"));
        Assert.Equal(16, one.Length);
        Assert.NotEqual(one, ContainerRelay.ExecEndingOf(new NodeId("b")));
    }

    [Theory]
    [InlineData("GET", "/v1.50/containers/abc/json", true)]
    [InlineData("GET", "/containers/abc/logs", true)]
    [InlineData("PUT", "/v1.43/containers/abc/archive", true)]
    [InlineData("POST", "/v1.43/exec/abc/start", true)]
    [InlineData("GET", "/containers/json", false)]
    [InlineData("POST", "/containers/create", false)]
    [InlineData("DELETE", "/v1.50/containers/abc", false)]
    [InlineData("POST", "/v1.50/containers/abc/start", false)]
    [InlineData("POST", "/v1.50/containers/abc/rename", false)]
    [InlineData("POST", "/v1.50/containers/abc/update", false)]
    [InlineData("DELETE", "/v1.50/containers/abc/json", false)]
    [InlineData("POST", "/v1.50/containers/abc/json", false)]
    [InlineData("GET", "/v1.50/swarm", false)]
    [InlineData("POST", "/v1.50/nodes/abc/update", false)]
    [InlineData("GET", "/v1.50/secrets/abc/json", false)]
    [InlineData("GET", "/v1.50/images/abc/json", false)]
    [InlineData("GET", "/v1.50/containers/abc/attach/ws", false)]
    [InlineData("GET", "/v1.50/containers/../swarm/json", false)]
    [InlineData("GET", "/_ping", false)]
    [InlineData("GET", "/", false)]
    public void A_relayed_call_is_about_one_container(string method, string path, bool isAllowed) => Assert.Equal(isAllowed, RelayRules.Allows(method, path));
}
