using Skep.Engine.Events;
using Skep.Testing;

namespace Skep.Engine.Tests;

public sealed class EventHubTests
{
    [Fact]
    public async Task Listener_hears_what_is_kept_since_its_moment_and_then_what_comes()
    {
        var time = new ManualTimeProvider();
        var hub = new EventHub(time);
        hub.Publish("volume", "create", "old");
        time.Advance(TimeSpan.FromSeconds(10));
        DateTimeOffset since = time.GetUtcNow();
        hub.Publish("volume", "create", "data", ("driver", "local"));
        using EventSubscription listener = hub.Subscribe(since);
        hub.Publish("volume", "destroy", "data");
        Assert.Equal("data", Assert.Single(listener.Past).Id);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using IAsyncEnumerator<NodeEvent> coming = listener.ComingAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        Assert.True(await coming.MoveNextAsync());
        Assert.Equal("destroy", coming.Current.Action);
        Assert.True(coming.Current.Time > listener.Past[0].Time);
    }

    [Fact]
    public void Past_is_bounded_and_forgets_the_oldest()
    {
        var hub = new EventHub(new ManualTimeProvider());
        for (int i = 0; i < EventHub.KeptEvents + 5; i++)
        {
            hub.Publish("container", "start", $"c{i}");
        }

        using EventSubscription listener = hub.Subscribe(DateTimeOffset.MinValue);
        Assert.Equal(EventHub.KeptEvents, listener.Past.Count);
        Assert.Equal("c5", listener.Past[0].Id);
    }

    [Fact]
    public void Without_a_moment_nothing_of_the_past_is_heard_and_a_disposed_listener_is_forgotten()
    {
        var hub = new EventHub(new ManualTimeProvider());
        hub.Publish("container", "start", "c");
        using (EventSubscription listener = hub.Subscribe(null))
        {
            Assert.Empty(listener.Past);
            Assert.Equal(1, hub.Listeners);
        }

        Assert.Equal(0, hub.Listeners);
    }
}
