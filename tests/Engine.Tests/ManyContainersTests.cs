using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Skep.Engine.Containers;
using Skep.Engine.Tests.Support;
using Skep.Testing.Clusters;
using Skep.Testing.Containers;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Tests;

/// <summary>The engine's picture of containerd's containers.</summary>
[Collection("containerd")]
public sealed class ManyContainersTests(ContainerdFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task More_specs_than_one_answer_can_carry_are_listed_found_and_removed()
    {
        const int count = 200, bytes = 100_000;
        await using TestEngine node = await TestEngine.StartAsync(fixture.Daemon, async engine =>
        {
            for (int i = 0; i < count; i++)
            {
                await CreateOutsideAsync(engine, $"c{i:000}", bytes);
            }
        });
        Assert.Equal(count, (await node.Engine.ListContainersAsync(all: true, CancellationToken.None)).Count);
        LocalContainer found = await node.Engine.InspectContainerAsync("c117", CancellationToken.None);
        Assert.Equal(bytes, Assert.Single(found.Env).Length);
        Assert.True(node.Engine.HasContainer("c11700"));
        Assert.Throws<ClusterException>(() => node.Engine.HasContainer("c11"));
        for (int i = 0; i < count; i++)
        {
            await node.Engine.Context.Runtime.DeleteAsync(IdOf($"c{i:000}"), CancellationToken.None);
        }

        Assert.Empty(await node.Engine.ListContainersAsync(all: true, CancellationToken.None));
    }

    [Fact]
    public async Task What_others_do_to_containers_is_seen_also_after_containerd_was_away()
    {
        using var daemon = new ContainerdProcess();
        await using TestEngine node = await TestEngine.StartAsync(daemon);
        await CreateOutsideAsync(node, "a1", 10);
        await Eventually.TrueAsync(() => Task.FromResult(node.Engine.HasContainer("a1")), Limit, () => "the container made by somebody else");
        await node.Outside.Containers.DeleteAsync(new Cd.DeleteContainerRequest { Id = IdOf("a1") });
        await Eventually.TrueAsync(() => Task.FromResult(!node.Engine.HasContainer("a1")), Limit, () => "its end");

        daemon.Kill();
        daemon.Start();
        await CreateOutsideAsync(node, "a2", 10);
        await Eventually.TrueAsync(() => Task.FromResult(node.Engine.HasContainer("a2")), Limit, () => "the container made after containerd came back");
        await node.Engine.Context.Runtime.DeleteAsync(IdOf("a2"), CancellationToken.None);
    }

    [Fact]
    public async Task What_was_done_here_is_in_the_next_answer()
    {
        await using TestEngine node = await TestEngine.StartAsync(fixture.Daemon);
        await node.Engine.LoadImagesAsync(new MemoryStream(TestImage.SavedTar("busy:1")), CancellationToken.None);
        for (int i = 0; i < 20; i++)
        {
            string id = await node.Engine.CreateContainerAsync(Spec($"box{i}"), CancellationToken.None);
            Assert.Equal(id, (await node.Engine.InspectContainerAsync($"box{i}", CancellationToken.None)).Id);
            Assert.Contains(await node.Engine.ListContainersAsync(all: true, CancellationToken.None), c => c.Id == id);
            await node.Engine.RenameContainerAsync(id[..12], $"renamed{i}", CancellationToken.None);
            Assert.Equal((true, false), (node.Engine.HasContainer($"/renamed{i}"), node.Engine.HasContainer($"box{i}")));
            await node.Engine.RemoveContainerAsync($"renamed{i}", force: false, withVolumes: false, CancellationToken.None);
            Assert.False(node.Engine.HasContainer(id));
            Assert.DoesNotContain(await node.Engine.ListContainersAsync(all: true, CancellationToken.None), c => c.Id == id);
        }

        // Whatever containerd still has to tell of them brings none back.
        await CreateOutsideAsync(node, "ff", 10);
        await Eventually.TrueAsync(() => Task.FromResult(node.Engine.HasContainer("ff")), Limit, () => "the last event");
        Assert.Equal(IdOf("ff"), Assert.Single(await node.Engine.ListContainersAsync(all: true, CancellationToken.None)).Id);
        await node.Engine.Context.Runtime.DeleteAsync(IdOf("ff"), CancellationToken.None);
    }

    private static StandaloneSpec Spec(string name)
        => new() { Name = name, NetworkMode = "none", Template = new TaskSpec { Container = new ContainerSpec("busy:1") { Args = ["sleep", "600"] } } };

    private static string IdOf(string start) => start.PadRight(64, '0');

    private static async Task CreateOutsideAsync(TestEngine engine, string start, int environmentBytes)
    {
        string spec = $$$"""
            {"process":{"args":["sh"],"cwd":"/","user":{"uid":0,"gid":0},"env":["{{{new string('E', environmentBytes)}}}"]},"hostname":"h","mounts":[],"linux":{}}
            """;
        var record = new Cd.ContainerRecord
        {
            Id = IdOf(start),
            Image = "busy:1",
            Runtime = new Cd.ContainerRecord.Types.RuntimeInfo { Name = "io.containerd.runc.v2" },
            Spec = new Any { TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Spec", Value = ByteString.CopyFromUtf8(spec) },
        };
        try
        {
            await engine.Outside.Containers.CreateAsync(new Cd.CreateContainerRequest { Container = record });
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            return; // the first answer was lost
        }
    }
}
