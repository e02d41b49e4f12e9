using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Manager.Tests.Consensus;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Skep.Store;
using Skep.Testing;
using Session = Grpc.Core.AsyncDuplexStreamingCall<Skep.Rpc.V1.AgentMessage, Skep.Rpc.V1.ManagerMessage>;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Tests.Dispatch;

/// <summary>Two machines that show one certificate, or one machine whose last connection is not known to be dead yet.</summary>
public sealed class TwoSessionsTests
{
    [Fact]
    public async Task The_newer_stands_the_older_is_told_why_and_the_log_says_so()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity node = await group.AdmitAsync("w", NodeRole.Worker);
        using Session older = await OpenAsync(group, node), newer = await OpenAsync(group, node);

        RpcException ended = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await older.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
        });

        Assert.Equal(StatusCode.AlreadyExists, ended.StatusCode);
        Assert.StartsWith("node w began another session with this manager, from ", ended.Status.Detail, StringComparison.Ordinal);
        RecordedLine line = await group.Listener.Log.FindAsync("began another session here");
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.StartsWith("Node w began another session here", line.Text, StringComparison.Ordinal);

        await group.Listener.Log.FindAsync("Session of node w ended: node w began another session");
        Assert.Equal([node.Node], group.Presence.Ages().Select(a => a.Node));
        await newer.RequestStream.CompleteAsync();
        await group.Listener.Log.FindAsync("Session of node w ended: closed by the agent");
        Assert.Empty(group.Presence.Ages());
    }

    /// <summary>What the newer one says of its machine is news for the older one too, which is just being ended: it must be told why all the same.</summary>
    [Fact]
    public async Task The_reason_arrives_though_there_is_news_to_be_told()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity node = await group.AdmitAsync("w", NodeRole.Worker);
        await group.CommitAsync(new StoreChange.Update(group.Store.View().Nodes.Find(node.Node)! with { NetworkIndex = 7 })); // Now others hear of it as a peer.
        Session last = await OpenAsync(group, node, "m0");
        for (int round = 1; round <= 50; round++)
        {
            Session next = await OpenAsync(group, node, $"m{round}");
            RpcException ended = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await last.ResponseStream.MoveNext(CancellationToken.None))
                {
                }
            });
            Assert.True(ended.StatusCode == StatusCode.AlreadyExists, $"round {round}: {ended.Status}");
            last.Dispose();
            last = next;
        }

        last.Dispose();
    }

    private static async Task<Session> OpenAsync(OneMemberGroup group, NodeIdentity node, string hostname = "w")
    {
        Session session = new V1.Dispatch.DispatchClient(group.Listener.ChannelsOf(node).To(group.Listener.Address, Callee.AnyManager)).Session();
        var description = new NodeDescription(hostname, new Platform("x86_64", "linux"), new Resources(1, 1)) { PeerAddress = "10.0.0.9:2377" };
        await session.RequestStream.WriteAsync(new V1.AgentMessage { Hello = new V1.Hello { Description = description.ToProto() } });
        Assert.True(await session.ResponseStream.MoveNext(CancellationToken.None));
        return session;
    }
}
