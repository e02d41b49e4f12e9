using System.Text;
using System.Text.Json;
using Skep.Dashboard.Engine;
using Skep.Dashboard.Feed;

namespace Skep.Dashboard.Tests;

public sealed class FeedTests
{
    private static Dictionary<string, string> Tasks(string json) => Projection.List("tasks", Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Only_what_changed_is_told()
    {
        ClusterState picture = new ClusterState();
        Assert.NotNull(picture.Update("tasks", Tasks("""[{"ID":"a","Status":{"State":"new"}},{"ID":"b"}]""")));
        Assert.Null(picture.Update("tasks", Tasks("""[{"ID":"b"},{"ID":"a","Status":{"State":"new"}}]""")));
        Assert.Equal(
            """{"whole":false,"tasks":[{"id":"a","state":"running"}],"tasksGone":["b"]}""",
            picture.Update("tasks", Tasks("""[{"ID":"a","Status":{"State":"running"}}]""")));
    }

    [Fact]
    public void The_reason_of_a_stuck_task_is_kept_and_its_environment_is_not()
    {
        string task = Tasks("""[{"ID":"a","Spec":{"ContainerSpec":{"Image":"i","Env":["PASSWORD=x"]}},"Status":{"State":"pending","Err":"no suitable node"}}]""")["a"];
        Assert.Contains("no suitable node", task, StringComparison.Ordinal);
        Assert.DoesNotContain("PASSWORD", task, StringComparison.Ordinal);
    }

    [Fact]
    public void Usage_is_the_growth_of_processor_time_between_two_samples()
    {
        var history = new UsageHistory();
        DateTimeOffset start = DateTimeOffset.UnixEpoch;
        history.Add([new UsageSample("t", "n", "s", 1_000_000_000, 5, start)], start);
        Assert.Equal("""{"usage":[{"t":2000,"of":{"n":[0.5,7],"s":[0.5,7],"t":[0.5,7]}}]}""", history.Add([new UsageSample("t", "n", "s", 2_000_000_000, 7, start.AddSeconds(2))], start.AddSeconds(2)));
    }

    [Fact]
    public void An_event_s_moment_is_asked_for_again_to_the_tick()
    {
        using JsonDocument told = JsonDocument.Parse("""{"Type":"node","timeNano":1700000000000000199}""");
        Assert.Equal("1700000000.0000001", Projection.Moment(Projection.Happened(told.RootElement)!.Value));
    }

    [Fact]
    public async Task Frames_are_read_in_order_with_their_streams()
    {
        using var input = new MemoryStream([1, 0, 0, 0, 0, 0, 0, 2, (byte)'a', (byte)'b', 2, 0, 0, 0, 0, 0, 0, 1, (byte)'c']);
        var read = new List<string>();
        await foreach ((int stream, ReadOnlyMemory<byte> data) in LogFrames.ReadAsync(input, isFramed: true, CancellationToken.None))
        {
            read.Add($"{stream}:{Encoding.UTF8.GetString(data.Span)}");
        }

        Assert.Equal(["1:ab", "2:c"], read);
    }
}
