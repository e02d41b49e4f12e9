using System.Globalization;
using System.Text.Json.Nodes;
using Skep.Api.Cluster;
using Skep.Api.Http;
using Skep.Model;

namespace Skep.Api.Tests;

/// <summary>The stream of events: the past, filters, and its end.</summary>
public sealed class EventTests
{
    [Fact]
    public async Task Past_asked_for_comes_first_and_the_stream_ends_at_its_moment()
    {
        await using ApiHarness api = await ApiHarness.StartAsync();
        api.Events.Publish("volume", "create", "data", ("driver", "local"));
        api.Events.PublishContainer("die", "c1", "web.1", "app:1", new Dictionary<string, string> { ["tier"] = "front" }, ("exitCode", "3"));
        JsonNode[] all = await ReadAsync(api, "");
        Assert.Equal(["volume create data local", "container die c1 local"], all.Select(e => $"{e["Type"]} {e["Action"]} {e["Actor"]!["ID"]} {e["scope"]}"));
        JsonNode died = all[1];
        Assert.Equal("3", (string?)died["Actor"]!["Attributes"]!["exitCode"]);
        Assert.Equal("front", (string?)died["Actor"]!["Attributes"]!["tier"]);
        Assert.Equal(("die", "c1", "app:1"), ((string?)died["status"], (string?)died["id"], (string?)died["from"]));
        Assert.Null(all[0]["status"]);
    }

    [Theory]
    [InlineData("""{"type":{"container":true}}""", 3)]
    [InlineData("""{"type":{"container":true},"event":{"health_status":true}}""", 1)]
    [InlineData("""{"event":["start"]}""", 1)]
    [InlineData("""{"container":{"web":true}}""", 2)]
    [InlineData("""{"container":{"c2":true}}""", 1)]
    [InlineData("""{"image":{"app":true}}""", 2)]
    [InlineData("""{"image":{"app:1":true}}""", 2)]
    [InlineData("""{"label":{"tier=front":true}}""", 2)]
    [InlineData("""{"scope":{"swarm":true}}""", 0)]
    [InlineData("""{"volume":{"data":true}}""", 1)]
    public async Task Filters_choose_as_Dockers_do(string filters, int expected)
    {
        await using ApiHarness api = await ApiHarness.StartAsync();
        var front = new Dictionary<string, string> { ["tier"] = "front" };
        api.Events.PublishContainer("start", "c1", "web.1", "app:1", front);
        api.Events.PublishContainer("health_status: healthy", "c1", "web.1", "app:1", front);
        api.Events.PublishContainer("die", "c2", "db.1", "redis:7", []);
        api.Events.Publish("volume", "create", "data");
        Assert.Equal(expected, (await ReadAsync(api, "&filters=" + Uri.EscapeDataString(filters))).Length);
    }

    [Fact]
    public async Task Manager_tells_what_happens_to_services_and_secrets()
    {
        await using ApiHarness api = await ApiHarness.StartAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Task feeding = ClusterEventFeed.RunAsync(api.Control!, api.Events, TimeProvider.System, limit.Token);
        using Engine.Events.EventSubscription heard = api.Events.Subscribe(null);
        await using IAsyncEnumerator<Engine.Events.NodeEvent> coming = heard.ComingAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        int number = 0;
        // The feed begins once it stands; until then a config is made again.
        ValueTask<bool> first = coming.MoveNextAsync();
        while (!first.IsCompleted)
        {
            await api.PostAsync("/configs/create", $$"""{"Name":"c{{number++}}","Data":"aGk="}""");
        }

        Assert.True(await first);
        Assert.Equal(("config", "create", true), (coming.Current.Type, coming.Current.Action, coming.Current.IsOfCluster));
        Assert.NotEmpty(await ReadAsync(api, "&filters=" + Uri.EscapeDataString("""{"scope":{"swarm":true},"type":{"config":true}}""")));
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => feeding);
    }

    [Theory]
    [InlineData("90m", "2026-01-02T01:34:05Z")]
    [InlineData("1h30m", "2026-01-02T01:34:05Z")]
    [InlineData("1767225600", "2026-01-01T00:00:00Z")]
    [InlineData("2026-01-01", "2026-01-01T00:00:00Z")]
    [InlineData("2026-01-01T10:11:12Z", "2026-01-01T10:11:12Z")]
    public void Moment_of_a_filter_is_a_time_or_how_long_ago(string text, string expected)
        => Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), TimeFilter.Read(text, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)));

    [Fact]
    public void Moment_that_is_none_is_refused() => Assert.Throws<ClusterException>(() => TimeFilter.Read("soon", DateTimeOffset.UnixEpoch));

    private static async Task<JsonNode[]> ReadAsync(ApiHarness api, string more)
    {
        string until = ((TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + 1) / 1000.0).ToString("F3", CultureInfo.InvariantCulture);
        string text = await api.Http.GetStringAsync(new Uri($"/v1.50/events?since=0&until={until}{more}", UriKind.Relative));
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
    }
}
