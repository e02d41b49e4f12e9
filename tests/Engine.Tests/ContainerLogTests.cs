using System.Text;
using Skep.Engine.Logs;

namespace Skep.Engine.Tests;

public sealed class ContainerLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skt-wrk-log-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_crash_at_any_step_neither_loses_nor_doubles_a_line()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            string directory = Path.Combine(_directory, $"run{seed}");
            var random = new Random(seed);
            var settings = new LogSettings(true, 2000, 1000);
            int written = 0;
            for (int life = 0; life < 12; life++)
            {
                int crashAt = random.Next(1, 12);
                ContainerLog log = ContainerLog.Open(directory, settings, TimeProvider.System, _ =>
                {
                    if (--crashAt == 0)
                    {
                        throw new InvalidOperationException("crash");
                    }
                });
                try
                {
                    for (int i = 0; i < 6; i++)
                    {
                        var text = new StringBuilder();
                        for (int n = random.Next(8); n > 0; n--)
                        {
                            text.Append($"line {written++} {new string('x', random.Next(60))}\n");
                        }

                        File.AppendAllText(log.StdoutPath, text.ToString());
                        log.Pump();
                    }
                }
                catch (InvalidOperationException)
                {
                    // The process is gone: nothing is closed in order.
                }

                log.Dispose();
            }

            using ContainerLog last = ContainerLog.Open(directory, settings, TimeProvider.System);
            last.Finish();
            List<string> lines = await ReadAsync(last, new LogQuery());
            Assert.Equal(Enumerable.Range(0, written).Select(i => $"line {i}"), lines.Select(l => string.Join(' ', l.Split(' ')[..2])));
        }
    }

    [Fact]
    public void Settings_of_a_silent_container_outlive_the_agent()
    {
        ContainerLog.Open(_directory, new LogSettings(true, 1000, 3), TimeProvider.System).Dispose();
        using ContainerLog later = ContainerLog.Open(_directory, settings: null, TimeProvider.System);
        Assert.Equal((1000, 3), (later.Position.MaxFileBytes, later.Position.MaxFiles));
    }

    [Fact]
    public async Task Files_are_rotated_and_the_oldest_dropped()
    {
        using ContainerLog log = ContainerLog.Open(_directory, new LogSettings(true, 1000, 3), TimeProvider.System);
        for (int i = 0; i < 100; i++)
        {
            File.AppendAllText(log.StdoutPath, $"line {i}\n");
            log.Pump();
        }

        Assert.Equal(3, Directory.GetFiles(_directory, "json.*.log").Length);
        List<string> lines = await ReadAsync(log, new LogQuery());
        Assert.Equal("line 99\n", lines[^1]);
        Assert.InRange(lines.Count, 20, 50);
        Assert.Equal(lines.TakeLast(25), await ReadAsync(log, new LogQuery { Tail = 25 }));
        Assert.Equal(lines, await ReadAsync(log, new LogQuery { Tail = 1000 }));
        Assert.Empty(await ReadAsync(log, new LogQuery { Tail = 0 }));
    }

    [Fact]
    public async Task Streams_times_and_odd_bytes_are_kept()
    {
        using ContainerLog log = ContainerLog.Open(_directory, new LogSettings(true, 0, 1), TimeProvider.System);
        File.WriteAllText(log.StdoutPath, "é \"quoted\"\n");
        File.WriteAllBytes(log.StderrPath, [0xff, (byte)'\n']);
        log.Pump();
        File.AppendAllText(log.StdoutPath, "no newline");
        log.Pump();
        Assert.Equal(["é \"quoted\"\n"], await ReadAsync(log, new LogQuery { Stderr = false }));
        log.Finish();
        Assert.Equal(["é \"quoted\"\n", "no newline"], await ReadAsync(log, new LogQuery { Stderr = false, Follow = true }));
        Assert.Equal(["\ufffd\n"], await ReadAsync(log, new LogQuery { Stdout = false }));
        Assert.Empty(await ReadAsync(log, new LogQuery { Since = DateTimeOffset.UtcNow.AddHours(1) }));
        Assert.Matches("""^\{"log":"é \\"quoted\\"\\n","stream":"stdout","time":"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"\}$""", File.ReadAllLines(log.CurrentPath)[0]);
    }

    [Fact]
    public void Spool_gives_its_space_back()
    {
        using ContainerLog log = ContainerLog.Open(_directory, new LogSettings(true, 100_000, 1), TimeProvider.System);
        string line = new string('x', 1000) + "\n";
        for (int i = 0; i < 10; i++)
        {
            File.AppendAllText(log.StdoutPath, string.Concat(Enumerable.Repeat(line, 1000)));
            log.Pump();
        }

        Assert.Equal(10_010_000, new FileInfo(log.StdoutPath).Length);
        using System.Diagnostics.Process du = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("du", ["-k", log.StdoutPath]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        Assert.InRange(int.Parse(du.StandardOutput.ReadToEnd().Split('\t')[0]), 0, 2100);
    }

    [Fact]
    public void The_local_driver_rotates_unless_told_otherwise()
    {
        Assert.Equal(new LogSettings(true, 20 << 20, 5), LogDrivers.Choose(new Driver("local"), new EngineOptions()));
        Assert.Equal(new LogSettings(true, 1 << 20, 5), LogDrivers.Choose(new Driver("local") { Options = ValueMap<string, string>.Empty.Set("max-size", "1m") }, new EngineOptions()));
        Assert.Equal(new LogSettings(true, 0, 1), LogDrivers.Choose(new Driver("json-file") { Options = ValueMap<string, string>.Empty.Set("tag", "{{.Name}}") }, new EngineOptions()));
    }

    [Theory]
    [InlineData("fluentd", "", "")]
    [InlineData("json-file", "tag", "{{.Weather}}")]
    [InlineData("json-file", "compress", "true")]
    [InlineData("local", "labels", "a")]
    [InlineData("json-file", "max-file", "3")]
    [InlineData("json-file", "max-size", "many")]
    public void What_a_log_driver_cannot_do_here_is_refused(string driver, string option, string value)
        => Assert.Throws<ClusterException>(() => LogDrivers.Choose(new Driver(driver) { Options = option.Length == 0 ? ValueMap<string, string>.Empty : ValueMap<string, string>.Empty.Set(option, value) }, new EngineOptions()));

    private static async Task<List<string>> ReadAsync(ContainerLog log, LogQuery query)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var lines = new List<string>();
        await foreach (LogLine line in LogReader.ReadAsync(log, query, limit.Token))
        {
            lines.Add(Encoding.UTF8.GetString(line.Data.Span));
        }

        return lines;
    }
}
