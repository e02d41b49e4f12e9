using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Skep.Engine.Tests.Support;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Tests;

/// <summary>Found by a lying worker: what containerd repeated in an error was too long for a header, and with the connection went the events of all containers.</summary>
[Collection("containerd")]
public sealed class LongErrorTests(ContainerdFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(100_000)]
    [InlineData(1 << 20)]
    public async Task An_error_that_repeats_a_long_name_breaks_nothing_else(int length)
    {
        await using TestEngine node = await TestEngine.StartAsync(fixture.Daemon);
        using AsyncServerStreamingCall<Cd.EventEnvelope> events = node.Outside.Events.Subscribe(new Cd.SubscribeRequest { Filters = { "topic==\"/skt/long\"" } });
        Task<bool> next = events.ResponseStream.MoveNext(CancellationToken.None);

        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await node.Outside.Images.GetAsync(new Cd.GetImageRequest { Name = new string('x', length) }));

        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
        while (!next.IsCompleted)
        {
            // Until it comes back the subscription may not stand yet.
            await node.Outside.Events.PublishAsync(new Cd.PublishRequest { Topic = "/skt/long", Event = new Any { TypeUrl = "skt", Value = ByteString.Empty } });
            await Task.WhenAny(next, node.Outside.Version.VersionAsync(new Empty()).ResponseAsync);
        }

        Assert.True(await next.WaitAsync(Limit));
    }
}
