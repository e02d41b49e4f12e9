using Skep.Cli.Engine;
using Skep.Cli.Parsing;

namespace Skep.Cli.Node;

/// <summary><c>system dial-stdio</c>: the far end of <c>ssh://</c> hosts; bytes of standard input and output to the daemon's socket and back.</summary>
internal static class DialStdio
{
    public static readonly Verb Dial = new("", "Proxy the stdio stream to the daemon connection. Should not be invoked manually.", Arity.None, [], static async (call, cancellation) =>
    {
        await using EngineConnection connection = await call.Engine.Place.OpenAsync(cancellation);
        Task sending = Task.Run(() => SendAsync(call, connection, cancellation), CancellationToken.None);
        await using Stream output = call.Terminal.OpenOutput();
        byte[] buffer = new byte[32 * 1024];
        while (await connection.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            await output.WriteAsync(buffer.AsMemory(0, count), cancellation);
            await output.FlushAsync(cancellation);
        }

        return sending.IsFaulted ? throw new CliException("the daemon's connection broke") : 0;
    });

    private static async Task SendAsync(Invocation call, EngineConnection connection, CancellationToken cancellation)
    {
        await using Stream input = call.Terminal.OpenInput();
        byte[] buffer = new byte[32 * 1024];
        while (await input.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            await connection.WriteAsync(buffer.AsMemory(0, count), cancellation);
        }

        await connection.EndWritingAsync();
    }
}
