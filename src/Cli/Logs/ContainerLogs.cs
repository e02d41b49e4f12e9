using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Logs;

/// <summary><c>logs</c>: the output of one container of this node.</summary>
internal static class ContainerLogs
{
    public static readonly Verb Logs = new("[OPTIONS] CONTAINER", "Fetch the logs of a container", Arity.One,
        [LogFlags.Details, LogFlags.Follow, LogFlags.Since, LogFlags.Until, LogFlags.Tail, LogFlags.Timestamps], static async (call, cancellation) =>
    {
        WireContainerDetail container = await call.Engine.GetAsync($"/containers/{Engine.Query.Escape(call.Arguments[0])}/json", WireJson.Default.WireContainerDetail, cancellation);
        using EngineReply reply = await call.Engine.SendAsync(
            "GET", LogFlags.Ask(call, $"/containers/{container.Id}/logs").When(call.Get(LogFlags.Details), "details", "1").ToString(), null, null, cancellation);
        await CopyAsync(call, reply, cancellation);
        return 0;
    });

    /// <summary>Both outputs to ours, byte for byte.</summary>
    public static async Task CopyAsync(Invocation call, EngineReply reply, CancellationToken cancellation)
    {
        await call.Out.FlushAsync(cancellation);
        await using Stream output = call.Terminal.OpenOutput();
        await using Stream error = call.Terminal.OpenError();
        await FramedOutput.ReadAsync(reply, async (bytes, isError) =>
        {
            Stream target = isError ? error : output;
            await target.WriteAsync(bytes, cancellation);
            await target.FlushAsync(cancellation);
        }, cancellation);
    }
}
