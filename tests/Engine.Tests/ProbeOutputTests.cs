using System.Text;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;
using Skep.Engine.Health;
using Skep.Engine.Oci;
using Skep.Engine.Tests.Support;
using Skep.Testing;
using Skep.Testing.Clusters;
using Skep.Testing.Containers;

namespace Skep.Engine.Tests;

[Collection("containerd")]
public sealed class ProbeOutputTests(ContainerdFixture fixture)
{
    [Theory]
    [InlineData(FileMode.Append)]
    [InlineData(FileMode.Open)]
    public async Task The_beginning_of_a_flood_is_kept_and_the_rest_takes_no_room(FileMode mode)
    {
        string path = Path.GetTempFileName();
        try
        {
            var log = new RecordedLog();
            var time = new ManualTimeProvider();
            using var end = new CancellationTokenSource();
            Task holding = OutputBound.HoldAsync(path, 4096, time, log, end.Token);
            using (FileStream writer = new(path, mode, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
            {
                writer.Write(Encoding.ASCII.GetBytes("first"));
                byte[] megabyte = new byte[1 << 20];
                for (int i = 0; i < 5; i++)
                {
                    writer.Write(megabyte);
                    time.Advance(TimeSpan.FromMilliseconds(100));
                    await Eventually.TrueAsync(() => Task.FromResult(time.ArmedTimers > 0), TimeSpan.FromSeconds(5), () => "the next look");
                    Assert.Empty(log.Lines);
                    Assert.Equal(4096, new FileInfo(path).Length);
                }
            }

            Assert.Equal("first\0", Encoding.ASCII.GetString(File.ReadAllBytes(path), 0, 6));
            await end.CancelAsync();
            await holding;
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_health_check_ends_with_the_engine_and_one_that_a_killed_engine_left_with_the_next()
    {
        await using TestEngine node = await TestEngine.StartAsync(fixture.Daemon);
        await node.Engine.LoadImagesAsync(new MemoryStream(TestImage.SavedTar("busy:1")), CancellationToken.None);
        var check = new HealthCheck { Test = ["CMD", "sleep", "600"], Interval = TimeSpan.FromMilliseconds(50), Timeout = TimeSpan.FromMinutes(10), Retries = 1 };
        string id = await node.Engine.CreateContainerAsync(
            new StandaloneSpec { Name = "box", NetworkMode = "none", Template = new TaskSpec { Container = new ContainerSpec("busy:1") { Args = ["sleep", "600"], HealthCheck = check } } },
            CancellationToken.None);
        await node.Engine.StartContainerAsync(id, CancellationToken.None);
        string note = Path.Combine(node.Options.RunDirectory, "tasks", StandaloneRecord.SandboxOf(id).Value, "probe.exec");
        await CountAsync(2);
        string exec = await File.ReadAllTextAsync(note);
        await node.Engine.DisposeAsync();
        await CountAsync(1);

        await node.OpenAsync();
        await CountAsync(2);
        string left = await File.ReadAllTextAsync(note);
        Assert.NotEqual(exec, left);
        // A killed engine: the note is there, the process runs, and nobody waits for it.
        byte[] process = SpecWriter.WriteFurtherProcess((await node.Engine.Context.Runtime.FindSpecAsync(id, CancellationToken.None))!, ["sleep", "600"]);
        await node.Engine.Context.Runtime.StartProcessAsync(new ProcessKey(id, "health-left"), process, new ProcessStreams(), CancellationToken.None);
        await node.Engine.DisposeAsync();
        await File.WriteAllTextAsync(note, "health-left");
        await CountAsync(2);
        await node.OpenAsync();
        await Eventually.TrueAsync(async () => (await PidsAsync()).Count == 2 && await File.ReadAllTextAsync(note) is not ("" or "health-left"), TimeSpan.FromSeconds(20), () => "the end of what was left");

        async Task CountAsync(int wanted) => await Eventually.EqualAsync(wanted, async () => (await PidsAsync()).Count, TimeSpan.FromSeconds(20), "processes");

        async Task<IReadOnlyCollection<uint>> PidsAsync()
            => [.. (await node.Outside.Tasks.ListPidsAsync(new Rpc.Containerd.ListPidsRequest { ContainerId = id })).Processes.Select(p => p.Pid)];
    }

    /// <summary>The shim itself writes here: seconds of <c>yes</c> are gigabytes.</summary>
    [Fact]
    public async Task A_health_check_that_floods_does_not_fill_the_memory_its_output_lies_in()
    {
        await using TestEngine node = await TestEngine.StartAsync(fixture.Daemon);
        await node.Engine.LoadImagesAsync(new MemoryStream(TestImage.SavedTar("busy:1")), CancellationToken.None);
        var check = new HealthCheck { Test = ["CMD", "yes"], Interval = TimeSpan.FromMilliseconds(50), Timeout = TimeSpan.FromSeconds(3), Retries = 1 };
        string id = await node.Engine.CreateContainerAsync(
            new StandaloneSpec { Name = "box", NetworkMode = "none", Template = new TaskSpec { Container = new ContainerSpec("busy:1") { Args = ["sleep", "600"], HealthCheck = check } } },
            CancellationToken.None);
        await node.Engine.StartContainerAsync(id, CancellationToken.None);
        string path = Path.Combine(node.Options.RunDirectory, "tasks", StandaloneRecord.SandboxOf(id).Value, "probe");
        long most = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                most = Math.Max(most, new FileInfo(path).Length);
                return (await node.Engine.InspectContainerAsync(id, CancellationToken.None)).Health is { State: HealthState.Unhealthy };
            },
            TimeSpan.FromSeconds(30),
            () => "the end of the check");
        Assert.InRange(most, 1, 32L << 20);
        Assert.StartsWith("Health check exceeded timeout", (await node.Engine.InspectContainerAsync(id, CancellationToken.None)).Health!.Log[^1].Output, StringComparison.Ordinal);
    }
}
