using System.Runtime.InteropServices;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Model;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary>Which of a container's streams a client takes part in.</summary>
internal readonly record struct AttachedStreams(bool Input, bool Output, bool Error)
{
    public bool Any => Input || Output || Error;
}

/// <summary>What <c>run</c>, <c>start -a</c> and <c>attach</c> share: streams, terminal and signals until the container ends or the user leaves.</summary>
internal static class AttachSession
{
    /// <exception cref="CliException">A key of the sequence is none.</exception>
    public static DetachKeys Keys(string text)
    {
        try
        {
            return DetachKeys.Parse(text);
        }
        catch (ClusterException failure)
        {
            throw new CliException($"invalid detach keys provided: {failure.Message}");
        }
    }

    /// <exception cref="CliException">A terminal was asked for, and our input is none.</exception>
    public static void RequireTerminal(Terminal terminal, bool attachesInput, bool isTty)
    {
        if (attachesInput && isTty && !terminal.CanAsk)
        {
            throw new CliException("the input device is not a TTY");
        }
    }

    public static Task<AttachedStream> AttachAsync(Invocation call, string id, AttachedStreams streams, string detachKeys, CancellationToken cancellation)
        => call.Engine.AttachAsync(
            new Query($"/containers/{id}/attach").With("stream", "1").When(streams.Input, "stdin", "1").When(streams.Output, "stdout", "1").When(streams.Error, "stderr", "1")
                .When(detachKeys.Length > 0, "detachKeys", detachKeys).ToString(),
            null, cancellation);

    /// <summary>The end of a life that is about to begin; asked before it does, so that none is missed.</summary>
    public static async Task<Task<int>> WaitAsync(Invocation call, string id, string condition, CancellationToken cancellation)
    {
        EngineReply reply = await call.Engine.SendAsync(
            "POST", new Query($"/containers/{id}/wait").When(condition.Length > 0, "condition", condition).ToString(), null, null, cancellation);
        return ReadAsync();

        async Task<int> ReadAsync()
        {
            using (reply)
            {
                byte[] body = await reply.ReadAsync(cancellation);
                WireWaitResult? result = body.Length == 0 ? null : System.Text.Json.JsonSerializer.Deserialize(body, WireJson.Default.WireWaitResult);
                return result switch
                {
                    null => throw new CliException("the daemon ended before the container did"),
                    { Error.Message: { Length: > 0 } message } => throw new CliException(message, 125),
                    _ => result.StatusCode,
                };
            }
        }
    }

    /// <summary>Moves bytes and keys until the output ends.</summary>
    /// <param name="start">What begins the container once our terminal is ready; null where it runs.</param>
    /// <returns>False: the user left.</returns>
    public static async Task<bool> StreamAsync(
        Invocation call, string id, AttachedStream stream, AttachedStreams streams, bool isTty, string detachKeys, Func<Task>? start, CancellationToken cancellation)
    {
        using RawTerminal? raw = isTty && streams.Input ? RawTerminal.Enter() : null; // Before anybody sees a prompt.
        if (start is not null)
        {
            await start();
        }

        using PosixSignalRegistration? resized = isTty ? TerminalResizer.Follow(call, $"/containers/{id}") : null;
        return await stream.CopyAsync(call.Terminal, streams.Input, isTty, isTty && streams.Input ? Keys(detachKeys) : null, cancellation);
    }

    /// <summary>Gives our signals to the container while not disposed.</summary>
    public static IDisposable ForwardSignals(Invocation call, string id) => call.Terminal.Signals.Forward(name => _ = SendAsync(call, id, name));

    private static async Task SendAsync(Invocation call, string id, string signal)
    {
        try
        {
            await call.Engine.PostAsync(new Query($"/containers/{id}/kill").With("signal", signal).ToString(), CancellationToken.None);
        }
        catch (CliException)
        {
            return; // It does not run any more, or not yet.
        }
    }
}
