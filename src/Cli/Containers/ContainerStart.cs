using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary><c>start</c>, perhaps attached, and <c>attach</c>.</summary>
internal static class ContainerStart
{
    private static readonly Flag<bool> AttachToo = Flag.Switch("attach", "Attach STDOUT/STDERR and forward signals", 'a');
    private static readonly Flag<bool> Interactive = Flag.Switch("interactive", "Attach container's STDIN", 'i');
    private static readonly Flag<string> DetachKeys = Flag.Text("detach-keys", "Override the key sequence for detaching a container");
    private static readonly Flag<bool> NoInput = Flag.Switch("no-stdin", "Do not attach STDIN");
    private static readonly Flag<bool> SignalProxy = Flag.Switch("sig-proxy", "Proxy all received signals to the process", byDefault: true);

    public static readonly Verb Start = new("[OPTIONS] CONTAINER [CONTAINER...]", "Start one or more stopped containers", Arity.Some, [AttachToo, Interactive, DetachKeys], StartAsync);

    public static readonly Verb Attach = new("[OPTIONS] CONTAINER", "Attach local standard input, output, and error streams to a running container", Arity.One,
        [NoInput, DetachKeys, SignalProxy], AttachAsync);

    private static async Task<int> StartAsync(Invocation call, CancellationToken cancellation)
    {
        if (!call.Get(AttachToo) && !call.Get(Interactive))
        {
            return await ContainerLifecycle.EachAsync(call, "Error: failed to start containers: ", name => call.Engine.PostAsync($"/containers/{Query.Escape(name)}/start", cancellation));
        }

        if (call.Arguments.Length > 1)
        {
            throw new CliException("you cannot start and attach multiple containers at once");
        }

        WireContainerDetail container = await FindAsync(call, cancellation);
        WireContainerConfig config = container.Config!;
        AttachedStreams streams = new(call.Get(Interactive) && config.OpenStdin, true, true);
        AttachSession.RequireTerminal(call.Terminal, streams.Input, config.Tty);
        string keys = call.Get(DetachKeys);
        using IDisposable? signals = config.Tty ? null : AttachSession.ForwardSignals(call, container.Id!);
        await using AttachedStream stream = await AttachSession.AttachAsync(call, container.Id!, streams, keys, cancellation);
        Task<int> ended = await AttachSession.WaitAsync(call, container.Id!, container.HostConfig?.AutoRemove == true ? "removed" : "next-exit", cancellation);
        return await AttachSession.StreamAsync(
            call, container.Id!, stream, streams, config.Tty, keys, () => call.Engine.PostAsync($"/containers/{container.Id}/start", cancellation), cancellation)
            ? await ended.WaitAsync(cancellation)
            : 0;
    }

    private static async Task<int> AttachAsync(Invocation call, CancellationToken cancellation)
    {
        WireContainerDetail container = await FindAsync(call, cancellation);
        if (container.State is not { Running: true } state)
        {
            throw new CliException("cannot attach to a stopped container, start it first");
        }

        if (state.Paused)
        {
            throw new CliException("cannot attach to a paused container, unpause it first");
        }

        if (state.Restarting)
        {
            throw new CliException("cannot attach to a restarting container, wait until it is running");
        }

        WireContainerConfig config = container.Config!;
        AttachedStreams streams = new(!call.Get(NoInput) && config.OpenStdin, true, true);
        AttachSession.RequireTerminal(call.Terminal, streams.Input, config.Tty);
        string keys = call.Get(DetachKeys);
        _ = AttachSession.Keys(keys);
        using IDisposable? signals = call.Get(SignalProxy) && !config.Tty ? AttachSession.ForwardSignals(call, container.Id!) : null;
        Task<int> ended = await AttachSession.WaitAsync(call, container.Id!, "", cancellation);
        await using AttachedStream stream = await AttachSession.AttachAsync(call, container.Id!, streams, keys, cancellation);
        Task redrawn = config.Tty ? TerminalResizer.RedrawAsync(call, $"/containers/{container.Id}") : Task.CompletedTask;
        bool isOver = await AttachSession.StreamAsync(call, container.Id!, stream, streams, config.Tty, keys, null, cancellation);
        await redrawn;
        return isOver ? await ended.WaitAsync(cancellation) : throw new CliException("read escape sequence");
    }

    private static Task<WireContainerDetail> FindAsync(Invocation call, CancellationToken cancellation)
        => call.Engine.GetAsync($"/containers/{Query.Escape(call.Arguments[0])}/json", WireJson.Default.WireContainerDetail, cancellation);
}
