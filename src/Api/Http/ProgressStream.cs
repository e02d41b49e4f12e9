using System.Text.Json;
using System.Threading.Channels;

namespace Skep.Api.Http;

/// <summary>An answer of JSON objects one after another while something goes on.</summary>
internal static class ProgressStream
{
    /// <param name="work">Calls the action it is given with each step. A failure before the first step is a plain error, later it is the last object.</param>
    public static async Task RunAsync(ApiCall call, Func<Action<WireProgress>, Task> work, CancellationToken ct)
    {
        // Steps may be dropped when the client reads slowly: the next ones say more.
        Channel<WireProgress> steps = Channel.CreateBounded<WireProgress>(new BoundedChannelOptions(4096) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        Task done = WorkAsync(work, steps.Writer);
        call.Http.Response.ContentType = "application/json";
        await foreach (WireProgress step in steps.Reader.ReadAllAsync(ct))
        {
            await WriteAsync(call, step, ct);
        }

        try
        {
            await done;
        }
        catch (ClusterException failed) when (call.Http.Response.HasStarted)
        {
            await WriteAsync(call, new WireProgress { Error = failed.Message, ErrorDetail = new WireErrorDetail { Message = failed.Message } }, ct);
        }
    }

    private static async Task WorkAsync(Func<Action<WireProgress>, Task> work, ChannelWriter<WireProgress> steps)
    {
        try
        {
            await work(step => steps.TryWrite(step));
        }
        finally
        {
            steps.Complete();
        }
    }

    private static async Task WriteAsync(ApiCall call, WireProgress step, CancellationToken ct)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(step, WireJson.Default.WireProgress), (byte)'\r', (byte)'\n'];
        await call.Http.Response.Body.WriteAsync(line, ct);
        await call.Http.Response.Body.FlushAsync(ct);
    }
}
