using Skep.Overlay.Applying;
using Skep.Overlay.Planning;
using Skep.Testing;

namespace Skep.Overlay.Tests.Applying;

public sealed class RestingRoutersTests
{
    private static readonly NamespaceKey Router = NamespaceKey.Router(4097);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Router_without_use_stays_for_its_rest_and_then_goes()
    {
        IdleRouters resting = new IdleRouters(Rest, _time);
        Assert.Equal([Router], resting.Keep(Picture(), [NamespaceKey.Host, Router]));
        Assert.Equal(Rest, resting.FirstIn);
        _time.Advance(Rest - TimeSpan.FromSeconds(1));
        Assert.Equal([Router], resting.Keep(Picture(), [Router]));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, resting.FirstIn);
        Assert.Empty(resting.Keep(Picture(), [Router]));
        Assert.Null(resting.FirstIn);
    }

    [Fact]
    public void Use_in_between_begins_the_rest_anew()
    {
        IdleRouters resting = new IdleRouters(Rest, _time);
        resting.Keep(Picture(), [Router]);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(resting.Keep(Picture(used: 4097), [Router]));
        Assert.Null(resting.FirstIn);
        resting.Keep(Picture(), [Router]);
        Assert.Equal(Rest, resting.FirstIn);
    }

    [Fact]
    public void Router_whose_network_id_the_ingress_segment_now_has_goes_at_once()
    {
        IdleRouters resting = new IdleRouters(Rest, _time);
        Assert.Empty(resting.Keep(Picture() with { Ingress = new IngressSegment(Ipv4Prefix.Parse("10.0.0.0/24"), 4097) }, [Router]));
    }

    private static DesiredNetwork Picture(int? used = null) => new()
    {
        Self = new NodeAddressing(new NodeId("n1"), Ipv4Address.From(192, 168, 0, 1), 1, null, "h"),
        Networks = used is { } vni
            ? ValueMap<NetworkId, OverlayNetwork>.Empty.Set(
                new NetworkId("net"), new OverlayNetwork("net", vni, Ipv4Prefix.Parse("10.0.1.0/24"), Ipv4Address.From(10, 0, 1, 1), Ipv4Address.From(169, 254, 0, 1)))
            : ValueMap<NetworkId, OverlayNetwork>.Empty,
    };
}
