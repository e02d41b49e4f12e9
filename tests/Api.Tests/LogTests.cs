using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Skep.Api.Cluster;
using Skep.Manager.Control;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Store;

namespace Skep.Api.Tests;

/// <summary>Output of tasks, merged over nodes and framed.</summary>
public sealed class LogTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    [Fact]
    public async Task Lines_of_all_tasks_come_in_order_of_time_and_framed()
    {
        var logs = new ScriptedLogs
        {
            ["t1"] = [Line(1, "one\n"), Line(3, "three\n")],
            ["t2"] = [Line(2, "two\n", isStderr: true), Line(4, "four\n")],
        };
        await using ApiHarness server = await StartAsync(logs, "t1", "t2");

        byte[] body = await server.Http.GetByteArrayAsync(new Uri("/services/web/logs?stdout=1&stderr=1&timestamps=1", UriKind.Relative));

        Assert.Equal(
            [
                (1, "2026-03-04T05:06:08.000000000Z one\n"),
                (2, "2026-03-04T05:06:09.000000000Z two\n"),
                (1, "2026-03-04T05:06:10.000000000Z three\n"),
                (1, "2026-03-04T05:06:11.000000000Z four\n"),
            ],
            Frames(body));
    }

    [Fact]
    public async Task Details_name_node_service_and_task()
    {
        await using ApiHarness server = await StartAsync(new ScriptedLogs { ["t1"] = [Line(1, "x\n")] }, "t1");

        byte[] body = await server.Http.GetByteArrayAsync(new Uri("/tasks/t1/logs?stdout=1&details=1", UriKind.Relative));

        Service service = server.Manager.Service("web");
        string expected = $"com.docker.swarm.node.id={server.Manager.Self},com.docker.swarm.service.id={service.Id},com.docker.swarm.task.id=t1 x\n";
        Assert.Equal([(1, expected)], Frames(body));
    }

    [Fact]
    public async Task What_cannot_be_read_is_said_at_the_end()
    {
        await using ApiHarness server = await StartAsync(new ScriptedLogs { ["t1"] = [Line(1, "x\n")], ["t2"] = null }, "t1", "t2");

        byte[] body = await server.Http.GetByteArrayAsync(new Uri("/services/web/logs?stdout=1", UriKind.Relative));

        List<(int Stream, string Text)> frames = Frames(body);
        Assert.Equal((1, "x\n"), frames[0]);
        Assert.Equal(3, frames[1].Stream);
        Assert.Contains("incomplete log stream", frames[1].Text, StringComparison.Ordinal);
        Assert.Contains("the node is silent", frames[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_has_to_be_chosen()
    {
        await using ApiHarness server = await StartAsync([], "t1");

        (int status, System.Text.Json.Nodes.JsonNode? body) = await server.GetAsync("/services/web/logs");

        Assert.Equal((400, "Bad parameters: you must choose at least one stream"), (status, (string)body!["message"]!));
    }

    [DockerFact]
    public async Task Docker_prints_the_task_before_each_line()
    {
        await using ApiHarness server = await StartAsync(new ScriptedLogs { ["t1"] = [Line(1, "hello\n")] }, "t1");

        string printed = await DockerCli.OutputAsync(server, "service logs web");

        Assert.Equal("web.1.t1@m1    | hello\n", printed);
    }

    [Fact]
    public async Task A_follower_gets_lines_while_other_tasks_are_silent_and_meets_new_tasks()
    {
        var feeds = new Dictionary<string, Channel<TaskLogLine>>(StringComparer.Ordinal)
        {
            ["t1"] = Channel.CreateUnbounded<TaskLogLine>(),
            ["t2"] = Channel.CreateUnbounded<TaskLogLine>(),
            ["t3"] = Channel.CreateUnbounded<TaskLogLine>(),
        };
        var discovered = Channel.CreateUnbounded<SwarmTask>();
        using var ended = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var merge = new LogMerge(TimeProvider.System, isFollowing: true, task => feeds[task.Id.Value].Reader.ReadAllAsync(ended.Token));
        merge.Add(Task("t1"), ended.Token);
        merge.Add(Task("t2"), ended.Token);
        merge.AddLater(discovered.Reader.ReadAllAsync(ended.Token), ended.Token);

        feeds["t1"].Writer.TryWrite(Line(1, "first"));
        Assert.Equal("first", Text(await merge.NextAsync(ended.Token)));

        discovered.Writer.TryWrite(Task("t3"));
        feeds["t3"].Writer.TryWrite(Line(2, "second"));
        Assert.Equal("second", Text(await merge.NextAsync(ended.Token)));

        foreach (Channel<TaskLogLine> feed in feeds.Values)
        {
            feed.Writer.Complete();
        }

        discovered.Writer.Complete();
        Assert.Null(await merge.NextAsync(ended.Token));
        await merge.StopAsync();
    }

    private static string Text(MergedLine? line) => Encoding.UTF8.GetString(line!.Value.Line.Data.Span);

    private static SwarmTask Task(string id) => new(new TaskId(id), new ServiceId("s"), 1)
    {
        Node = new NodeId("n"),
        Spec = OneManager.Web("web").Task,
        ServiceAnnotations = new Annotations("web"),
        Status = new SwarmTaskStatus(TaskState.Running, Start),
    };

    private static async Task<ApiHarness> StartAsync(ScriptedLogs logs, params string[] tasks)
    {
        ApiHarness server = await ApiHarness.StartAsync(OneManager.StartAsync(logs));
        await server.Manager.Control.Services.CreateAsync(OneManager.Web("web"), default);
        Service service = server.Manager.Service("web");
        foreach (string task in tasks)
        {
            await server.Manager.CommitAsync([new StoreChange.Create(DockerCliTests.Running(server, service, task))]);
        }

        return server;
    }

    private static TaskLogLine Line(int second, string text, bool isStderr = false) => new(Start.AddSeconds(second), isStderr, Encoding.UTF8.GetBytes(text));

    private static List<(int Stream, string Text)> Frames(byte[] body)
    {
        var frames = new List<(int, string)>();
        for (int at = 0; at < body.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(at + 4));
            frames.Add((body[at], Encoding.UTF8.GetString(body, at + 8, length)));
            at += 8 + length;
        }

        return frames;
    }

    /// <summary>Lines by task; null for a task whose node does not answer.</summary>
    private sealed class ScriptedLogs : Dictionary<string, TaskLogLine[]?>, ILogSource
    {
        public ScriptedLogs()
            : base(StringComparer.Ordinal)
        {
        }

        public async IAsyncEnumerable<TaskLogLine> ReadAsync(SwarmTask task, LogSelection selection, [EnumeratorCancellation] CancellationToken ct)
        {
            await System.Threading.Tasks.Task.Yield();
            foreach (TaskLogLine line in this[task.Id.Value] ?? throw new ClusterException(ErrorKind.Unavailable, "the node is silent"))
            {
                yield return line;
            }
        }
    }
}
