using Skep.Engine.Containerd;
using Skep.Engine.Containers;
using Skep.Engine.Events;
using Skep.Testing;
using Skep.Testing.Containers;

namespace Skep.Engine.Tests.Support;

/// <summary>An engine without a cluster, on a containerd of our own.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    private static int _numbers;

    private TestEngine(ContainerdProcess daemon, string name)
    {
        Daemon = daemon;
        Options = new EngineOptions
        {
            DataDirectory = Path.Combine(daemon.Root, name, "data"),
            RunDirectory = Path.Combine(daemon.Root, name, "run"),
            ContainerdSocket = daemon.Socket,
            ContainerdNamespace = "skt-" + name,
            CgroupParent = "/skt-eng-" + Path.GetFileName(daemon.Root) + "-" + name,
            Hostname = "host-" + name,
        };
    }

    public ContainerdProcess Daemon { get; }

    public EngineOptions Options { get; }

    public EventHub Events { get; } = new(TimeProvider.System);

    public RecordedLog Log { get; } = new();

    public ContainerEngine Engine { get; private set; } = null!;

    /// <summary>Containers of the namespace, as somebody else changes them.</summary>
    public ContainerdClient Outside { get; private set; } = null!;

    /// <param name="before">Called before the engine is opened.</param>
    public static async Task<TestEngine> StartAsync(ContainerdProcess daemon, Func<TestEngine, Task>? before = null)
    {
        var engine = new TestEngine(daemon, $"e{Interlocked.Increment(ref _numbers)}");
        engine.Outside = ContainerdClient.Connect(daemon.Socket, engine.Options.ContainerdNamespace, TimeSpan.FromSeconds(20), TimeProvider.System);
        await engine.Outside.EnsureNamespaceAsync(engine.Options.ContainerdNamespace, CancellationToken.None);
        await (before?.Invoke(engine) ?? Task.CompletedTask);
        await engine.OpenAsync();
        return engine;
    }

    public async Task OpenAsync()
        => Engine = await ContainerEngine.OpenAsync(Options, network: null, Events, TimeProvider.System, new Random(1), IdSource.Secure, Log, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        foreach (LocalContainer container in (await Engine.ListContainersAsync(all: true, CancellationToken.None)).Where(c => !c.IsManaged))
        {
            await Engine.RemoveContainerAsync(container.Id, force: true, withVolumes: true, CancellationToken.None);
        }

        await Engine.DisposeAsync();
        Outside.Dispose();
        Native.LibC.Detach(Path.Combine(Options.RunDirectory, "tasks"));
        foreach (string controller in Directory.GetDirectories("/sys/fs/cgroup"))
        {
            string own = controller + Options.CgroupParent;
            if (Directory.Exists(own))
            {
                Directory.Delete(own);
            }
        }
    }
}

/// <summary>One containerd for all tests of the collection.</summary>
public sealed class ContainerdFixture : IDisposable
{
    internal ContainerdProcess Daemon { get; } = new();

    public void Dispose() => Daemon.Dispose();
}

[CollectionDefinition("containerd")]
public sealed class ContainerdCollection : ICollectionFixture<ContainerdFixture>;
