using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Skep.Dashboard.Engine;
using Skep.Dashboard.Feed;
using Skep.Testing;

namespace Skep.Dashboard.Tests;

/// <summary>What watching costs the engine, and in which version it is asked. A cluster's own work comes first.</summary>
public sealed class EngineUseTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly ManualTimeProvider _time = new();
    private readonly Lock _moving = new();

    private void Move(TimeSpan by)
    {
        lock (_moving)
        {
            _time.Advance(by);
        }
    }

    /// <summary>Time passes until something holds.</summary>
    private async Task PassAsync(TimeSpan step, Func<bool> until, string what)
    {
        var watch = Stopwatch.StartNew();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!until())
        {
            Assert.True(watch.Elapsed < Limit, $"waited for {what}");
            Move(step);
            await pause.WaitForNextTickAsync();
        }
    }

    private async Task WithFeedAsync(FakeEngine fake, Func<ClusterFeed, Task> body)
    {
        using var engine = new EngineEndpoint(fake.Host);
        using var stop = new CancellationTokenSource();
        var feed = new ClusterFeed(engine, _time);
        Task running = feed.RunAsync(stop.Token);
        try
        {
            await body(feed);
        }
        finally
        {
            await stop.CancelAsync();
            await running.ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    [Fact]
    public async Task An_engine_is_asked_for_nothing_while_nobody_looks()
    {
        await using FakeEngine fake = await new FakeEngine().StartAsync();
        await WithFeedAsync(fake, async feed =>
        {
            Move(TimeSpan.FromHours(1));
            Assert.Empty(fake.Asked);

            feed.Join(out Action leave);
            await PassAsync(TimeSpan.FromMilliseconds(50), () => fake.Count("/tasks") >= 5, "five reads of the tasks");
            Assert.Equal(1, fake.Count("/events"));
            leave();
            // The round in progress may end, and one more begin by the interval it waits for; then it is quiet for hours.
            int before = fake.Asked.Count;
            for (int i = 0; i < 100; i++)
            {
                Move(TimeSpan.FromMinutes(1));
            }

            await using FakeEngine other = await new FakeEngine().StartAsync();
            using var probe = new EngineEndpoint(other.Host);
            await probe.GetAsync("tasks", CancellationToken.None); // An answer of a real socket later, requests sent before it have been counted.
            Assert.InRange(fake.Asked.Count, before, before + (2 * ClusterState.Kinds.Length));
        });
    }

    [Fact]
    public async Task An_engine_that_answers_slowly_is_read_at_most_half_of_the_time()
    {
        TimeSpan took = TimeSpan.FromMilliseconds(400);
        await using FakeEngine fake = await new FakeEngine().StartAsync();
        var began = new ConcurrentQueue<DateTimeOffset>();
        int change = 0;
        fake.ReadingTasks = () =>
        {
            began.Enqueue(_time.GetUtcNow());
            fake.Tasks = $$"""[{"ID":"t{{change++}}"}]"""; // Always something new: the feed is as busy as it gets.
            Move(took);
        };
        await WithFeedAsync(fake, async feed =>
        {
            feed.Join(out Action _);
            for (int round = 1; round <= 8; round++)
            {
                int wanted = round;
                feed.Nudge();
                await PassAsync(TimeSpan.FromMilliseconds(5), () => began.Count >= wanted, $"round {wanted}");
            }
        });
        DateTimeOffset[] starts = [.. began];
        Assert.All(starts.Zip(starts.Skip(1)), pair => Assert.True(pair.Second - pair.First >= took + took, $"{pair.Second - pair.First} from one reading of {took} to the next"));
    }

    [Theory]
    [InlineData("1.52", "/v1.50/tasks")]
    [InlineData("1.50", "/v1.50/tasks")]
    [InlineData("1.43", "/v1.43/tasks")]
    [InlineData("1.24", "/v1.24/tasks")]
    public async Task The_newest_version_that_both_know_is_spoken(string version, string path)
    {
        await using FakeEngine fake = await new FakeEngine { ApiVersion = version }.StartAsync();
        using var engine = new EngineEndpoint(fake.Host);
        await engine.GetAsync("tasks", CancellationToken.None);
        await engine.GetAsync("tasks", CancellationToken.None);
        Assert.Equal(["/_ping", path, path], fake.Asked);
    }

    [Theory]
    [InlineData("1.23", "1.23")]
    [InlineData(null, "unknown")]
    public async Task An_engine_too_old_is_said_to_be(string? version, string told)
    {
        await using FakeEngine fake = await new FakeEngine { ApiVersion = version }.StartAsync();
        using var engine = new EngineEndpoint(fake.Host);
        Assert.Contains($"API version {told}", (await Assert.ThrowsAsync<EngineRefusal>(() => engine.GetAsync("tasks", CancellationToken.None))).Message);
    }

    [Fact]
    public async Task An_engine_that_was_away_is_asked_for_its_version_again()
    {
        await using FakeEngine fake = await new FakeEngine { ApiVersion = "1.43" }.StartAsync();
        using var engine = new EngineEndpoint(fake.Host);
        await engine.GetAsync("tasks", CancellationToken.None);
        await fake.StopAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => engine.GetAsync("tasks", CancellationToken.None));
        fake.ApiVersion = "1.48";
        await fake.StartAsync();
        await engine.GetAsync("tasks", CancellationToken.None);
        Assert.Equal("/v1.48/tasks", fake.Asked.Last());
    }

    [Fact]
    public void A_session_outlives_the_daemon_that_opened_it_and_not_its_key()
    {
        string folder = Directory.CreateTempSubdirectory("skt-dashboard-").FullName, key = Path.Combine(folder, "key");
        var time = new ManualTimeProvider();
        var first = new Access.Sessions(time, key);
        string session = first.Exchange(first.MintToken())!;
        Assert.True(new Access.Sessions(time, key).IsOpen(session));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.False(first.IsOpen(session.Replace('.', '0')));
        Assert.False(first.IsOpen($"9{session}"));
        Assert.Null(first.Renew(session));
        time.Advance(TimeSpan.FromHours(7));
        Assert.True(first.IsOpen(first.Renew(session)));
        File.Delete(key);
        Assert.False(new Access.Sessions(time, key).IsOpen(session));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_page_that_does_not_read_is_dropped_and_the_others_are_not()
    {
        await using FakeEngine fake = await new FakeEngine().StartAsync();
        int change = 0;
        fake.ReadingTasks = () => fake.Tasks = $$"""[{"ID":"t{{change++}}"}]""";
        await WithFeedAsync(fake, async feed =>
        {
            ChannelReader<string> asleep = feed.Join(out Action _), awake = feed.Join(out Action _);
            int heard = 0;
            await PassAsync(
                TimeSpan.FromMilliseconds(50),
                () =>
                {
                    while (awake.TryRead(out string? _))
                    {
                        heard++;
                    }

                    return heard > 400;
                },
                "400 messages");
            Assert.InRange(asleep.Count, 1, 256);
            while (asleep.TryRead(out string? _))
            {
            }

            Assert.True(asleep.Completion.IsCompleted);
            Assert.False(awake.Completion.IsCompleted);
        });
    }
}
