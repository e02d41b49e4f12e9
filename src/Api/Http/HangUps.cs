using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Skep.Api.Http;

/// <summary>Tells a client that went away, which is everyday, from a failure of ours.</summary>
internal static class HangUps
{
    /// <summary>A reset connection is seen by who reads or writes a moment before the request's token is cancelled.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    /// <param name="error">What a handler threw.</param>
    /// <param name="aborted">Cancelled when the client is gone.</param>
    public static async ValueTask<bool> IsHangUpAsync(Exception error, CancellationToken aborted)
    {
        if (error is ConnectionResetException or ConnectionAbortedException)
        {
            return true;
        }

        // A request that is wrong, or ended too early, is refused with its status.
        if (error is BadHttpRequestException || error is not (IOException or OperationCanceledException or InvalidOperationException or HttpRequestException or RpcException { StatusCode: StatusCode.Cancelled }))
        {
            return false;
        }

        if (error is IOException && !aborted.IsCancellationRequested)
        {
            await Task.Delay(Moment, aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return aborted.IsCancellationRequested;
    }
}
