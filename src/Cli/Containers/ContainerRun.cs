using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary><c>run</c>: makes a container, starts it, and stays with it until it ends; its exit code is ours.</summary>
/// <remarks>Source: docker/cli:cli/command/container/run.go; docs.docker.com, docker run, Exit status.</remarks>
internal static class ContainerRun
{
    private const int NotFound = 127;
    private const int NotExecutable = 126;
    private const int DaemonFailed = 125;

    private static readonly Flag<bool> Detach = Flag.Switch("detach", "Run container in background and print container ID", 'd');
    private static readonly Flag<string> DetachKeys = Flag.Text("detach-keys", "Override the key sequence for detaching a container");
    private static readonly Flag<bool> SignalProxy = Flag.Switch("sig-proxy", "Proxy received signals to the process", byDefault: true);

    public static readonly Verb Run = new("[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create and run a new container from an image", Arity.Some,
        [.. ContainerFlags.Shared, Detach, DetachKeys, SignalProxy], RunAsync)
    {
        FlagsEndAtArgument = true,
    };

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        bool isDetached = call.Get(Detach);
        if (isDetached && call.Given(ContainerFlags.Attach))
        {
            throw new CliException("conflicting options: cannot specify both --attach and --detach");
        }

        if (!isDetached)
        {
            AttachSession.RequireTerminal(call.Terminal, call.Get(ContainerFlags.Interactive), call.Get(ContainerFlags.Tty));
        }

        try
        {
            WireContainerCreate body = ContainerCreateBody.From(call);
            if (isDetached)
            {
                body = body with { AttachStdin = false, AttachStdout = false, AttachStderr = false, StdinOnce = false };
            }

            _ = AttachSession.Keys(call.Get(DetachKeys));
            string id = await ContainerCreation.MakeAsync(call, body, cancellation);
            if (!isDetached)
            {
                return await StayAsync(call, id, body, cancellation);
            }

            await call.Engine.PostAsync($"/containers/{id}/start", cancellation);
            call.Out.WriteLine(id);
            return 0;
        }
        catch (CliException failure) when (failure.ExitCode == 1)
        {
            throw new CliException($"skep: {failure.Message}\n\nRun 'skep run --help' for more information", CodeOf(failure.Message));
        }
    }

    private static async Task<int> StayAsync(Invocation call, string id, WireContainerCreate body, CancellationToken cancellation)
    {
        AttachedStreams streams = new(body.AttachStdin, body.AttachStdout, body.AttachStderr);
        string keys = call.Get(DetachKeys);
        using IDisposable? signals = call.Get(SignalProxy) ? AttachSession.ForwardSignals(call, id) : null;
        await using AttachedStream? stream = streams.Any ? await AttachSession.AttachAsync(call, id, streams, keys, cancellation) : null;
        Task<int> ended = await AttachSession.WaitAsync(call, id, body.HostConfig!.AutoRemove ? "removed" : "next-exit", cancellation);
        Task Start() => call.Engine.PostAsync($"/containers/{id}/start", cancellation);
        if (stream is null)
        {
            await Start();
            call.Out.WriteLine(id);
        }
        else if (!await AttachSession.StreamAsync(call, id, stream, streams, body.Tty, keys, Start, cancellation))
        {
            return 0;
        }

        return await ended.WaitAsync(cancellation);
    }

    private static int CodeOf(string message)
        => message.Contains("executable file not found", StringComparison.Ordinal) || message.Contains("no such file or directory", StringComparison.Ordinal) ? NotFound
            : message.Contains("permission denied", StringComparison.Ordinal) || message.Contains("is a directory", StringComparison.Ordinal) ? NotExecutable
            : DaemonFailed;
}
