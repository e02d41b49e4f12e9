using System.Runtime.InteropServices;
using Skep.Cli.Engine;
using Skep.Cli.Output;

namespace Skep.Cli.Containers;

/// <summary>Tells the daemon the size of our window, now and whenever it changes.</summary>
internal static class TerminalResizer
{
    /// <param name="path">Of the container or the command: <c>/containers/ID</c>, <c>/exec/ID</c>.</param>
    /// <returns>Ends it when disposed; null without a window.</returns>
    public static PosixSignalRegistration? Follow(Invocation call, string path)
    {
        if (call.Terminal.Size is null)
        {
            return null;
        }

        _ = ResizeAsync(call, path);
        return PosixSignalRegistration.Create(PosixSignal.SIGWINCH, signal => _ = ResizeAsync(call, path));
    }

    /// <summary>One column less and back: a program that is attached to again draws itself anew.</summary>
    public static async Task RedrawAsync(Invocation call, string path)
    {
        if (call.Terminal.Size is { } size)
        {
            await SendAsync(call, path, size with { Rows = size.Rows + 1, Columns = size.Columns + 1 });
            await SendAsync(call, path, size);
        }
    }

    private static Task ResizeAsync(Invocation call, string path) => call.Terminal.Size is { } size ? SendAsync(call, path, size) : Task.CompletedTask;

    private static async Task SendAsync(Invocation call, string path, WindowSize size)
    {
        try
        {
            await call.Engine.PostAsync(new Query($"{path}/resize").With("h", (ulong)size.Rows).With("w", (ulong)size.Columns).ToString(), CancellationToken.None);
        }
        catch (CliException)
        {
            return; // It has ended meanwhile, or not begun.
        }
    }
}
